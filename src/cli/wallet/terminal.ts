import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { BitorchError } from '#base';

/** Whether somebody sits there who can be asked. Questions go to stderr, so that stdout stays the answer. */
export const isInteractive = (): boolean => Boolean(process.stdin.isTTY && process.stderr.isTTY);

const NOWHERE = new Writable({ write: (_chunk, _encoding, done) => done() });

interface AskOptions {
  /** Without showing what is typed. */
  readonly hidden?: boolean;
  /** What to ask for after each line for as long as an answer is not whole; one line is an answer by default. */
  readonly more?: (given: string) => string | undefined;
}

/** An answer from the terminal. Throws INTERRUPTED on Ctrl-C or end of input. */
export function ask(
  question: string,
  { hidden = false, more = () => undefined }: AskOptions = {},
): Promise<string> {
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
    let given = '';
    lines.on('line', (line) => {
      given += given === '' ? line : `\n${line}`;
      const missing = more(given);
      if (missing === undefined) return resolve(given);
      lines.setPrompt(missing);
      lines.prompt();
    });
    lines.once('SIGINT', cancel).once('close', cancel);
  }).finally(() => {
    lines.close();
    if (hidden) process.stderr.write('\n');
  });
}

/** Yes or no; no unless it is yes. */
export async function confirm(question: string): Promise<boolean> {
  return /^y(es)?$/i.test((await ask(`${question} [y/N] `)).trim());
}
