import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { BitorchError } from '#base';

const KEPT_LINES = 40;

export interface CommandOptions {
  readonly env?: Record<string, string>;
  readonly signal?: AbortSignal;
  /** Gets each line of the standard output as it comes. */
  readonly onLine?: (line: string) => void;
}

/** Runs a program; gives its standard output. Throws COMMAND_FAILED with the end of what it wrote. */
export async function run(command: readonly string[], options: CommandOptions = {}): Promise<string> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // A Ctrl-C is ours to handle: it must not reach the commands that clean up.
    detached: true,
    env: { ...process.env, ...options.env },
    ...(options.signal && { signal: options.signal }),
  });
  const written: string[] = [];
  const output: string[] = [];
  createInterface(child.stdout).on('line', (line) => {
    output.push(line);
    written.push(line);
    options.onLine?.(line);
  });
  createInterface(child.stderr).on('line', (line) => written.push(line));
  const code = await new Promise<number | string | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exit, signal) => resolve(exit ?? signal));
  });
  if (code !== 0) {
    const end = written.slice(-KEPT_LINES).join('\n');
    throw new BitorchError('COMMAND_FAILED', `${command.join(' ')} ended with ${code}:\n${end}`);
  }
  return output.join('\n');
}

/** Whether a program is there and does what it is asked. */
export const succeeds = (command: readonly string[], signal?: AbortSignal): Promise<boolean> =>
  run(command, signal ? { signal } : {}).then(
    () => true,
    () => false,
  );
