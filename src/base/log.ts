import { type Logger, pino } from 'pino';
import { cleanFields } from './clean-text.ts';

export type { Logger };

/** Texts in fields are cleaned: strangers' words cannot forge lines or move a terminal. Levels: error = a person must act; warn = something was refused or lost; info = life of the node; debug = the rest. */
export function createLog(level: string = process.env.BITORCH_LOG ?? 'warn'): Logger {
  return pino({ level, formatters: { log: cleanFields } }, pino.destination({ fd: 2, sync: true }));
}
