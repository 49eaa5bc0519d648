/** Wakes a loop that waits for news. News that comes while the loop works ends its next wait at once, so none is missed. */
export class Wakeup {
  #isDue = false;
  #resume: () => void = () => undefined;

  wake(): void {
    this.#isDue = true;
    this.#resume();
  }

  /** Resolves at the next `wake`, after `ms` milliseconds if given, or when `signal` aborts. */
  async wait({ ms, signal }: { ms?: number; signal?: AbortSignal } = {}): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#resume = resolve;
    if (this.#isDue || signal?.aborted) resolve();
    const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
    const stop = () => resolve();
    signal?.addEventListener('abort', stop, { once: true });
    await promise;
    signal?.removeEventListener('abort', stop);
    clearTimeout(timer);
    this.#isDue = false;
  }
}
