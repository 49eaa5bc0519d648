/** What was started, stopped in reverse order. One for each thing that owns sockets, timers or processes. */
export class Lifecycle {
  readonly #controller = new AbortController();
  readonly #stops: (() => unknown)[] = [];
  #stopping: Promise<void> | undefined;

  /** Aborts when stop() begins: every timer, request and loop of the owner hangs on it. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Registers what undoes a step that has just been done. */
  onStop(stop: () => unknown): void {
    this.#stops.push(stop);
  }

  /** Stops everything once; a failing step does not keep the others from stopping, the first error is thrown. */
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
