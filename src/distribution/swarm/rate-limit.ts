/** How long unused allowance is kept, in ms: a pause may be followed by a burst of this length. */
const BURST_MS = 250;

/**
 * A limit on payload bytes per second, shared by all connections of a node (token bucket). A transfer may begin while there is
 * allowance left and may overdraw it; the next one waits until the debt is repaid. Those who wait take turns.
 */
export class RateLimit {
  readonly #now: () => number;
  #bytesPerSecond = Infinity;
  #left = 0;
  #at = 0;
  /** Waiting connections, in order. */
  readonly #waiting = new Map<object, () => void>();
  #timer: NodeJS.Timeout | undefined;

  /** `now`: clock in ms. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  get isUnlimited(): boolean {
    return this.#bytesPerSecond === Infinity;
  }

  /** Changes the limit; Infinity: none. Throws RangeError unless it is positive. */
  set(bytesPerSecond: number): void {
    if (!(bytesPerSecond > 0)) throw new RangeError(`RateLimit: ${bytesPerSecond} bytes per second`);
    this.#earn();
    if (this.isUnlimited) this.#left = 0;
    this.#bytesPerSecond = bytesPerSecond;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#resume();
  }

  /** Whether a transfer may begin now. */
  get isOpen(): boolean {
    this.#earn();
    return this.isUnlimited || this.#left >= 0;
  }

  /** Charges a transfer that begins. */
  take(bytes: number): void {
    if (!this.isUnlimited) this.#left -= bytes;
  }

  /** Calls back once when the limit is open and it is this connection's turn. A second callback of one connection replaces the first. */
  wait(connection: object, resume: () => void): void {
    this.#waiting.set(connection, resume);
    this.#schedule();
  }

  /** Forgets all who wait. */
  stop(): void {
    this.#waiting.clear();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Lets those who wait continue, one after the other, while there is allowance. */
  #resume(): void {
    // Each at most once, so that one that waits again goes to the end.
    for (let turns = this.#waiting.size; turns > 0 && this.isOpen; turns--) {
      const [connection, resume] = this.#waiting.entries().next().value!;
      this.#waiting.delete(connection);
      resume();
    }
    this.#schedule();
  }

  #schedule(): void {
    if (this.#waiting.size === 0 || this.#timer) return;
    const debtMs = this.isUnlimited ? 0 : (-this.#left * 1000) / this.#bytesPerSecond;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#resume();
      },
      Math.max(1, Math.ceil(debtMs)),
    );
  }

  #earn(): void {
    const now = this.#now();
    const earned = ((now - this.#at) * this.#bytesPerSecond) / 1000;
    this.#at = now;
    if (!this.isUnlimited)
      this.#left = Math.min((this.#bytesPerSecond * BURST_MS) / 1000, this.#left + earned);
  }
}
