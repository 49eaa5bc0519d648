/** A queue that serves its sources in turn, each in order of arrival, so that none crowds out another. */
export class FairQueue<T> {
  readonly #queues = new Map<string, T[]>();

  add(source: string, item: T): void {
    const queue = this.#queues.get(source);
    if (queue) queue.push(item);
    else this.#queues.set(source, [item]);
  }

  /** Removes the next item; its source then waits until all others had a turn. */
  next(): T | undefined {
    const [first] = this.#queues;
    if (!first) return undefined;
    const [source, queue] = first;
    this.#queues.delete(source);
    const item = queue.shift();
    if (queue.length > 0) this.#queues.set(source, queue);
    return item;
  }
}
