import { codeOf } from '#base';
import { exitCodeOf, printError } from './exit.ts';

/**
 * What happens when nothing more can be written to stdout or stderr. A reader that has gone (`bitorch … | head`) has what it
 * wanted: the rest is dropped in silence, and what runs until it is stopped stops. Anything else, a full disk under a
 * redirection, ends the program with a message.
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
