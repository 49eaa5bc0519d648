import { codeOf, messageOf } from '#base';

/** Exit codes: 1 something failed, 2 no model could be had. */
export const exitCodeOf = (error: unknown): number => (codeOf(error) === 'MODEL_UNREACHABLE' ? 2 : 1);

/** Prints an error as one line that says what to do, with its code to look up. */
export function printError(error: unknown): void {
  process.stderr.write(`bitorch: ${messageOf(error)} [${codeOf(error)}]\n`);
  if (process.env.BITORCH_LOG === 'debug' && error instanceof Error) process.stderr.write(`${error.stack}\n`);
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
