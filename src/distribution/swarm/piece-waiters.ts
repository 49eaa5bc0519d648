interface Waiter {
  missing: Set<number>;
  resolve(): void;
  reject(error: unknown): void;
}

/** Promises that resolve when sets of pieces are complete. */
export class PieceWaiters {
  readonly #waiters = new Set<Waiter>();

  /** Resolves when all pieces of `missing` have arrived; rejects with the signal's reason. */
  async until(missing: Set<number>, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (missing.size === 0) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = { missing, resolve, reject };
    const abort = () => reject(signal!.reason);
    signal?.addEventListener('abort', abort, { once: true });
    this.#waiters.add(waiter);
    try {
      await promise;
    } finally {
      this.#waiters.delete(waiter);
      signal?.removeEventListener('abort', abort);
    }
  }

  arrived(index: number): void {
    for (const { missing, resolve } of this.#waiters)
      if (missing.delete(index) && missing.size === 0) resolve();
  }

  failAll(error: unknown): void {
    for (const { reject } of this.#waiters) reject(error);
  }
}
