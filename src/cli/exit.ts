import { cleanLines, codeOf, messageOf } from '#base';

/** 1: something failed. */
const EXIT_CODES: Readonly<Record<string, number>> = {
  MODEL_UNREACHABLE: 2,
  NODE_MISSING: 3,
  NO_CHAIN: 3,
  INTERRUPTED: 130,
};

/** A transfer is kept and will be tried again. */
export const EXIT_PENDING = 4;

export const exitCodeOf = (error: unknown): number => EXIT_CODES[codeOf(error)] ?? 1;

/** Prints an error as one line that says what to do, with its code to look up. */
export function printError(error: unknown): void {
  process.stderr.write(`bitorch: ${cleanLines(messageOf(error))} [${cleanLines(codeOf(error))}]\n`);
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
