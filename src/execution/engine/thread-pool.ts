import { BitorchError } from '#base';
import { CONTROL, JOB } from '../kernels/parameters.ts';
import { stayOn, takeCores } from './cores.ts';
import { instantiate, type Kernels } from './kernels.ts';
import type { SharedMemory } from './memory.ts';
import type { EngineOptions } from './options.ts';
import { MAY_BLOCK, startThread, type Thread } from './platform.ts';
import { SoloHeuristic } from './solo-heuristic.ts';
import type { WorkerTask } from './worker.ts';

const LED_JOBS = CONTROL.ledJobs / 4;
const JOBS = CONTROL.jobs / 4;
const LED = CONTROL.led / 4;

/** Jobs expected to take at most this many ms run on the host's thread, which saves waking thread 0. */
const SHORT_MS = 5;

/**
 * Threads that run one job after another on one memory and sleep in between. A job does not wait for a thread that wakes up
 * late; the thread joins at the current phase. In short jobs the host takes the place of thread 0.
 */
export class ThreadPool {
  readonly #memory: SharedMemory;
  readonly #kernels: Kernels;
  readonly #threads: Thread[];
  /** The job that the threads were woken for and that has not started. `start` in ms. */
  #called: { short: boolean; start: number } | undefined;
  readonly #solo = new SoloHeuristic();
  #msPerUnit = Number.POSITIVE_INFINITY;
  #failure: Error | undefined;
  #onFailure: (() => void) | undefined;

  private constructor(memory: SharedMemory, kernels: Kernels, threads: Thread[]) {
    this.#memory = memory;
    this.#kernels = kernels;
    this.#threads = threads;
  }

  /**
   * Starts `count` threads, pinned to cores from index `pin` on if given. Resolves when all of them wait for jobs. Throws
   * PIN_UNAVAILABLE or ENGINE_FAILED.
   */
  static async start(
    memory: SharedMemory,
    module: WebAssembly.Module,
    { threads: count = 1, pin }: Pick<EngineOptions, 'threads' | 'pin'>,
  ): Promise<ThreadPool> {
    const cores = pin === undefined ? [] : await takeCores(pin, count);
    const threads = await Promise.all(Array.from({ length: count }, startThread));
    const pool = new ThreadPool(memory, instantiate(module, memory.memory), threads);
    const ready = threads.map((thread, i) => {
      const task: WorkerTask = { module, memory: memory.memory, thread: i, core: cores[i] };
      return new Promise<void>((resolve, reject) => {
        thread.onMessage(resolve);
        thread.onError((error) => {
          pool.#fail(error);
          reject(error);
        });
        thread.post(task);
      });
    });
    try {
      await Promise.all(ready);
      if (cores[0] !== undefined) await stayOn(cores[0]);
    } catch (error) {
      await Promise.all(threads.map((thread) => thread.terminate()));
      throw failed(error);
    }
    for (const thread of threads) thread.hold(false);
    return pool;
  }

  /** Wakes the threads for a job of `units` equal units of work while the caller still writes its parameters. */
  call(units: number): void {
    if (this.#called) return;
    const short = MAY_BLOCK && units * this.#msPerUnit <= SHORT_MS;
    const alone = short && !this.#solo.together;
    this.#called = { short, start: performance.now() };
    const { words } = this.#memory;
    this.#memory.set('threads', alone ? 1 : this.#threads.length);
    if (alone) return;
    Atomics.add(words, JOBS, 1);
    Atomics.notify(words, JOBS);
  }

  /**
   * Runs the job that the parameters describe; one job at a time. Returns undefined when the job is already done. Throws
   * ENGINE_FAILED when a thread crashed, ENGINE_STOPPED after stop().
   */
  run(units: number): Promise<void> | undefined {
    if (this.#failure) throw failed(this.#failure);
    this.call(units);
    const { short, start } = this.#called!;
    this.#called = undefined;
    const done = () => {
      this.#msPerUnit = (performance.now() - start) / units;
      if (short) this.#solo.record(this.#msPerUnit);
    };
    if (!short) return this.#lead().then(done);
    this.#standIn();
    done();
    return undefined;
  }

  /** Terminates the threads. A running job is abandoned and run() throws ENGINE_STOPPED. */
  async stop(): Promise<void> {
    this.#fail(new BitorchError('ENGINE_STOPPED', 'the engine was stopped'));
    this.#memory.set('job', JOB.stop);
    for (const jobs of [LED_JOBS, JOBS]) {
      Atomics.add(this.#memory.words, jobs, 1);
      Atomics.notify(this.#memory.words, jobs);
    }
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  #standIn(): void {
    try {
      this.#kernels.lead();
    } catch (error) {
      this.#fail(error as Error);
      throw failed(error);
    }
  }

  /** Lets thread 0 lead the job and waits until it is done. */
  async #lead(): Promise<void> {
    this.#hold(true);
    const { words } = this.#memory;
    const job = (Atomics.add(words, LED_JOBS, 1) + 1) | 0;
    Atomics.notify(words, LED_JOBS);
    const failure = new Promise<void>((resolve) => {
      this.#onFailure = resolve;
    });
    for (;;) {
      const done = Atomics.load(words, LED);
      if (this.#failure) throw failed(this.#failure);
      if (done === job) break;
      const wait = Atomics.waitAsync(words, LED, done);
      if (wait.async) await Promise.race([wait.value, failure]);
    }
    this.#hold(false);
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
    : new BitorchError('ENGINE_FAILED', 'a compute thread crashed: restart the node', {}, error);
