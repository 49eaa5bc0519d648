import { BitorchError } from '#base';
import { CONTROL, JOB } from '../kernels/parameters.ts';
import type { SharedMemory } from './memory.ts';
import { startThread, type Thread } from './platform.ts';
import type { WorkerTask } from './worker.ts';

const JOBS = CONTROL.jobs / 4;
const DONE = CONTROL.done / 4;

/** Threads that run one job after another on one memory, and sleep in between. */
export class Crew {
  readonly #memory: SharedMemory;
  readonly #threads: Thread[];
  #failure: Error | undefined;
  #onFailure: (() => void) | undefined;

  private constructor(memory: SharedMemory, threads: Thread[]) {
    this.#memory = memory;
    this.#threads = threads;
  }

  /** Starts `count` threads; when it returns all of them wait for jobs. */
  static async start(memory: SharedMemory, module: WebAssembly.Module, count: number): Promise<Crew> {
    memory.set('threads', count);
    const threads = await Promise.all(Array.from({ length: count }, startThread));
    const crew = new Crew(memory, threads);
    const ready = threads.map((thread, i) => {
      const task: WorkerTask = { module, memory: memory.memory, thread: i, seen: memory.words[JOBS]! };
      return new Promise<void>((resolve, reject) => {
        thread.onMessage(resolve);
        thread.onError((error) => {
          crew.#fail(error);
          reject(error);
        });
        thread.post(task);
      });
    });
    try {
      await Promise.all(ready);
    } catch (error) {
      await Promise.all(threads.map((thread) => thread.terminate()));
      throw failed(error);
    }
    for (const thread of threads) thread.hold(false);
    return crew;
  }

  /** Runs the job that the parameters describe. One at a time. */
  async run(): Promise<void> {
    this.#hold(true);
    const { words } = this.#memory;
    const job = (Atomics.add(words, JOBS, 1) + 1) | 0;
    Atomics.notify(words, JOBS);
    const failure = new Promise<void>((resolve) => {
      this.#onFailure = resolve;
    });
    for (;;) {
      const done = Atomics.load(words, DONE);
      if (this.#failure) throw failed(this.#failure);
      if (done === job) break;
      const wait = Atomics.waitAsync(words, DONE, done);
      if (wait.async) await Promise.race([wait.value, failure]);
    }
    this.#hold(false);
  }

  /** Ends the threads at once; a job that runs is given up, and run() throws ENGINE_STOPPED. */
  async stop(): Promise<void> {
    this.#fail(new BitorchError('ENGINE_STOPPED', 'the engine was stopped'));
    this.#memory.set('job', JOB.stop);
    Atomics.add(this.#memory.words, JOBS, 1);
    Atomics.notify(this.#memory.words, JOBS);
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.#onFailure?.();
  }

  #hold(yes: boolean): void {
    for (const thread of this.#threads) thread.hold(yes);
  }
}

const failed = (error: unknown) =>
  error instanceof BitorchError
    ? error
    : new BitorchError('ENGINE_FAILED', 'a compute thread died: restart the node', {}, error);
