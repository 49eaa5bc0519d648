import { type Logger, pino } from 'pino';
import { cleanFields } from './clean-text.ts';

export type { Logger };

/**
 * Creates the log. Strings in fields are sanitised, so that text from peers cannot forge lines or control a terminal.
 * Levels: error = a person must act; warn = something was refused or lost; info = events in the node's life; debug = the
 * rest.
 */
export function createLog(level: string = process.env.BITORCH_LOG ?? 'warn'): Logger {
  return pino({ level, formatters: { log: cleanFields } }, pino.destination({ fd: 2, sync: true }));
}
