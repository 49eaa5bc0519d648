import { BitorchError } from '#base';

/** Runs tasks one after the other, in the order they came; one that finds nobody before it begins at once. */
export class Queue {
  /** Settled when nothing runs or waits any more; undefined when that is so. */
  #busy: Promise<void> | undefined;
  #closed = false;

  /** What the task gives: no promise when it began at once and gave none. Throws like the task, or rejects. */
  add<T>(task: () => T | Promise<T>): T | Promise<T> {
    const run = () => {
      if (this.#closed) throw new BitorchError('ENGINE_STOPPED', 'the engine was stopped');
      return task();
    };
    const result = this.#busy ? this.#busy.then(run) : run();
    if (result instanceof Promise) this.#waitFor(result);
    return result;
  }

  /** Tasks that have not begun are rejected. */
  close(): void {
    this.#closed = true;
  }

  #waitFor(result: Promise<unknown>): void {
    const over = () => {
      if (this.#busy === busy) this.#busy = undefined;
    };
    const busy = result.then(over, over);
    this.#busy = busy;
  }
}
