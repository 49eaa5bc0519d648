import { type Logger, pino } from 'pino';

export type { Logger };

/** Levels: error = a person must act; warn = something was refused or lost; info = life of the node; debug = the rest. */
export function createLog(level: string = process.env.BITORCH_LOG ?? 'warn'): Logger {
  return pino({ level }, pino.destination({ fd: 2, sync: true }));
}
