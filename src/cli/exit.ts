import { cleanLines, codeOf, type ErrorTable } from '#base';
import { NODE_ERROR_TABLE } from '#node/errors';
import { CLI_ERRORS } from './errors.ts';
import { explain } from './explain.ts';

const TABLE: ErrorTable = { ...NODE_ERROR_TABLE, ...CLI_ERRORS };

/** The transfer was not accepted yet; the wallet keeps and retries it. */
export const EXIT_PENDING = 4;

/** Exit code of a command that failed with `error`: docs/errors.md. */
export const exitCodeOf = (error: unknown): number => TABLE[codeOf(error)]?.[2] ?? 1;

/** Prints an error as one line: what to do, and the code to look up. */
export function printError(error: unknown): void {
  const { code, message } = explain(error);
  process.stderr.write(`bitorch: ${cleanLines(message)} [${cleanLines(code)}]\n`);
  if (process.env.BITORCH_LOG === 'debug' && error instanceof Error)
    process.stderr.write(`${cleanLines(error.stack ?? '')}\n`);
}

/** Runs `stop` on the first Ctrl-C, TERM or loss of the parent process; a second Ctrl-C ends at once. */
export function onStopSignal(stop: () => void): void {
  let asked = false;
  const handle = () => {
    if (asked) process.exit(130);
    asked = true;
    stop();
  };
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  if (process.send) process.on('disconnect', () => !asked && handle());
}

/** Ends the program on an uncaught error: one sentence if the cause is known, otherwise with a stack trace to report. */
export function endOnFault(): void {
  process.on('uncaughtException', (error) => {
    printError(error);
    const { code } = explain(error);
    if (code === 'UNKNOWN' && process.env.BITORCH_LOG !== 'debug')
      process.stderr.write(`${cleanLines(error instanceof Error ? (error.stack ?? '') : '')}\n`);
    process.exit(exitCodeOf(error));
  });
}
