import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { commandInside } from './nat-lab.ts';

/** A program of the lab in a namespace: reads a command a line from standard input, and answers each with a line. */
export class LabProcess {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  /** Resolves with the process and its first answer, when the program has started. */
  static async start(namespace: string, program: string, options: unknown): Promise<LabProcess> {
    const command = commandInside(namespace, process.execPath, program, JSON.stringify(options));
    const child = spawn(command[0]!, command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
    const started = new LabProcess(child);
    await started.#read();
    return started;
  }

  async ask<T>(command: unknown): Promise<T> {
    this.#child.stdin!.write(`${JSON.stringify(command)}\n`);
    return (await this.#read()) as T;
  }

  /** Ends the process without a farewell. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  async #read(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the process has ended');
    const answer = JSON.parse(value) as { ok?: unknown; error?: string };
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.ok;
  }
}
