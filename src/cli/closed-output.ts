import { codeOf } from '#base';
import { exitCodeOf, printError } from './exit.ts';

/**
 * Handles write errors on stdout and stderr. A reader that closed the pipe (`bitorch … | head`) has what it wanted: further
 * output is dropped silently, and long-running commands stop. Any other error, such as a full disk behind a redirection,
 * ends the program with a message.
 */
export function handleClosedOutput(): void {
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error: unknown) => {
    if (codeOf(error) !== 'EPIPE') {
      printError(error);
      process.exit(exitCodeOf(error));
    }
    if (readerHasGone) return;
    readerHasGone = true;
    process.emit('SIGTERM');
  });
}

let readerHasGone = false;
