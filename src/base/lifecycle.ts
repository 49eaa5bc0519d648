/**
 * Collects the resources of an owner and releases them in reverse order. Each owner of sockets, timers or processes has
 * one.
 */
export class Lifecycle {
  readonly #controller = new AbortController();
  readonly #stops: (() => unknown)[] = [];
  #stopping: Promise<void> | undefined;

  /** Aborts when stop() begins; the owner's timers, requests and loops end on it. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Registers the function that undoes a step that was just done. */
  onStop(stop: () => unknown): void {
    this.#stops.push(stop);
  }

  /**
   * Runs all registered functions once, in reverse order. If some fail, the others still run and the first error is thrown.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #stopAll(): Promise<void> {
    this.#controller.abort();
    const errors: unknown[] = [];
    for (const stop of this.#stops.reverse()) {
      try {
        await stop();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
