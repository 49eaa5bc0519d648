import { type DestinationStream, type Logger, pino } from 'pino';
import { cleanFields } from './clean-text.ts';
import { listOf } from './option.ts';

export type { Logger };

/**
 * Levels of the log. error = a person must act; warn = something was refused or lost; info = events in the node's life;
 * debug = the rest.
 */
export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;

const DEFAULT_LEVEL = 'warn';

/** Writes at once, so that nothing is lost when the process ends. */
const stderr = (): DestinationStream => pino.destination({ fd: 2, sync: true });

/**
 * Creates the log. Strings in fields are sanitised, so that text from peers cannot forge lines or control a terminal.
 * `levels`: a level, and levels of single rooms, such as `warn,network=debug`; a room's log is a child with the field `room`. Parts
 * that name no level are ignored.
 */
export function createLog(
  levels: string | readonly string[] = process.env.BITORCH_LOG ?? DEFAULT_LEVEL,
  destination: DestinationStream = stderr(),
): Logger {
  const parts = (typeof levels === 'string' ? listOf(levels) : levels).map((part) => part.split('='));
  const isLevel = (level: string | undefined) => LOG_LEVELS.some((known) => known === level);
  const general = parts.findLast(([level, ...rest]) => rest.length === 0 && isLevel(level))?.[0];
  const byRoom = new Map(parts.flatMap(([room, level]) => (isLevel(level) ? [[room!, level!]] : [])));
  const onChild = (child: Logger) => {
    const level = byRoom.get(`${child.bindings().room}`);
    if (level !== undefined) child.level = level;
  };
  return pino({ level: general ?? DEFAULT_LEVEL, formatters: { log: cleanFields }, onChild }, destination);
}
