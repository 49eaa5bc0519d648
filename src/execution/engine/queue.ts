import { BitorchError } from '#base';

/** Runs tasks one after the other, in the order they came. */
export class Queue {
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  add<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(() => {
      if (this.#closed) throw new BitorchError('ENGINE_STOPPED', 'the engine was stopped');
      return task();
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Tasks that have not begun are rejected. */
  close(): void {
    this.#closed = true;
  }
}
