import { createContext, Script } from 'node:vm';
import { BitorchError, codeOf } from '#base';

/** How much more than the limit may pass while a busy machine gives this thread no time. */
const MOST_PATIENCE = 8;

const context = createContext({ run: () => undefined as unknown });
const script = new Script('run()');

/**
 * Runs what a model brought along (templates, regular expressions) and stops it after `milliseconds`, in the
 * middle of a loop or of a regular expression that backtracks for ever. Where the thread had the processor for less
 * than half of that, the machine was slow and not the model: `run`, which has no effects, is begun again with twice
 * the time. Throws BitorchError `TIME_LIMIT`.
 */
export function withTimeLimit<T>(milliseconds: number, what: string, run: () => T): T {
  context.run = run;
  try {
    for (let timeout = milliseconds; ; timeout *= 2) {
      const before = process.threadCpuUsage();
      try {
        return script.runInContext(context, { timeout }) as T;
      } catch (error) {
        if (codeOf(error) !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
        const { user, system } = process.threadCpuUsage(before);
        const starved = (user + system) / 1000 < timeout / 2;
        if (!starved || timeout >= MOST_PATIENCE * milliseconds)
          throw new BitorchError('TIME_LIMIT', `${what} took longer than ${timeout} ms and was stopped`);
      }
    }
  } finally {
    context.run = undefined;
  }
}
