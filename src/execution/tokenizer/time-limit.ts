import { createContext, Script } from 'node:vm';
import { BitorchError, codeOf } from '#base';

const context = createContext({ run: () => undefined as unknown });
const script = new Script('run()');

/**
 * Runs what a model brought along (templates, regular expressions) and stops it after `milliseconds`, in the
 * middle of a loop or of a regular expression that backtracks for ever. Throws BitorchError `TIME_LIMIT`.
 */
export function withTimeLimit<T>(milliseconds: number, what: string, run: () => T): T {
  context.run = run;
  try {
    return script.runInContext(context, { timeout: milliseconds }) as T;
  } catch (error) {
    if (codeOf(error) !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw new BitorchError('TIME_LIMIT', `${what} took longer than ${milliseconds} ms and was stopped`);
  } finally {
    context.run = undefined;
  }
}
