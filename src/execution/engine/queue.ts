import { BitorchError } from '#base';

/** Runs tasks one at a time in FIFO order. A task added to an idle queue starts synchronously. */
export class Queue {
  /** Resolves when no task runs or waits; undefined when the queue is idle. */
  #busy: Promise<void> | undefined;
  #closed = false;

  /**
   * The task's result; not a promise if the task started synchronously and returned none. Throws ENGINE_STOPPED after close(),
   * and whatever the task throws.
   */
  add<T>(task: () => T | Promise<T>): T | Promise<T> {
    const run = () => {
      if (this.#closed) throw new BitorchError('ENGINE_STOPPED', 'the engine was stopped');
      return task();
    };
    const result = this.#busy ? this.#busy.then(run) : run();
    if (result instanceof Promise) this.#waitFor(result);
    return result;
  }

  /** Rejects tasks that have not started. */
  close(): void {
    this.#closed = true;
  }

  #waitFor(result: Promise<unknown>): void {
    const settle = () => {
      if (this.#busy === busy) this.#busy = undefined;
    };
    const busy = result.then(settle, settle);
    this.#busy = busy;
  }
}
