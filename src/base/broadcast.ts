/** Events of one source for any number of listeners, each with a bounded queue of its own. */
export class Broadcast<T> {
  readonly #listeners = new Set<(event: T) => void>();
  #readers = 0;

  /** Whether there is a subscriber (`subscribe`); lets a publisher skip events that only subscribers use. */
  get watched(): boolean {
    return this.#readers > 0;
  }

  publish(event: T): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** Calls back for every event until the returned function is called. */
  on(listener: (event: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Yields events from now on until `signal` aborts. A subscriber that is more than `limit` events behind loses the oldest.
   */
  async *subscribe(signal: AbortSignal, limit = 256): AsyncGenerator<T> {
    const queue: T[] = [];
    let wake = Promise.withResolvers<void>();
    const off = this.on((event) => {
      queue.push(event);
      if (queue.length > limit) queue.shift();
      wake.resolve();
    });
    this.#readers++;
    const stop = () => wake.resolve();
    signal.addEventListener('abort', stop, { once: true });
    try {
      while (!signal.aborted) {
        while (queue.length > 0) yield queue.shift()!;
        if (signal.aborted) return;
        await wake.promise;
        wake = Promise.withResolvers<void>();
      }
    } finally {
      this.#readers--;
      off();
      signal.removeEventListener('abort', stop);
    }
  }
}
