/** Bytes per second of an increasing counter, smoothed over a few seconds. */
export class Rate {
  #last = 0;
  #rate = 0;

  get bytesPerSecond(): number {
    return Math.round(this.#rate);
  }

  /** Call it about once a second. */
  sample(total: number, elapsedMs: number): void {
    const now = ((total - this.#last) * 1000) / Math.max(elapsedMs, 1);
    this.#rate = this.#rate === 0 ? now : this.#rate * 0.6 + now * 0.4;
    if (this.#rate < 1) this.#rate = 0;
    this.#last = total;
  }
}
