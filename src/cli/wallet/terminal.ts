import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { BitorchError } from '#base';

/** Whether somebody sits there who can be asked. Questions go to stderr, so that stdout stays the answer. */
export const isInteractive = (): boolean => Boolean(process.stdin.isTTY && process.stderr.isTTY);

const NOWHERE = new Writable({ write: (_chunk, _encoding, done) => done() });

/** One line from the terminal; `hidden`: without showing what is typed. Throws INTERRUPTED on Ctrl-C or end of input. */
export function ask(question: string, { hidden = false } = {}): Promise<string> {
  const lines = createInterface({
    input: process.stdin,
    output: hidden ? NOWHERE : process.stderr,
    terminal: true,
  });
  // Only now, when the terminal itself no longer shows what is typed.
  if (hidden) process.stderr.write(question);
  else {
    lines.setPrompt(question);
    lines.prompt();
  }
  return new Promise<string>((resolve, reject) => {
    const cancel = () => reject(new BitorchError('INTERRUPTED', 'nothing was done'));
    lines.once('line', resolve).once('SIGINT', cancel).once('close', cancel);
  }).finally(() => {
    lines.close();
    if (hidden) process.stderr.write('\n');
  });
}

/** Yes or no; no unless it is yes. */
export async function confirm(question: string): Promise<boolean> {
  return /^y(es)?$/i.test((await ask(`${question} [y/N] `)).trim());
}
