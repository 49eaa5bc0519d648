import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

export interface Command {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The program in a thread: a command takes milliseconds where a process spends seconds on loading modules. What only a process shows
 * (signals, standard input, that it ends by itself) is for `support/cli.ts`.
 */
export class Program {
  readonly #worker = new Worker(new URL('./program-worker.ts', import.meta.url));
  #last: Promise<unknown> = Promise.resolve();

  /** Runs a command after those before it have ended. Rejects when the thread ends instead. */
  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    const ended = this.#last.then(() => this.#runNow({ args, env }));
    this.#last = ended.catch(() => undefined);
    return ended;
  }

  async #runNow(command: Command): Promise<Ended> {
    const answered = new AbortController();
    const gone = once(this.#worker, 'exit', { signal: answered.signal }).then(([code]) => {
      throw new Error(`bitorch ${command.args.join(' ')}: the thread ended with ${code}`);
    });
    try {
      const said = once(this.#worker, 'message', { signal: answered.signal });
      this.#worker.postMessage(command);
      const [ended] = await Promise.race([said, gone]);
      return ended;
    } finally {
      gone.catch(() => undefined);
      answered.abort();
    }
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
