/**
 * Ends a text at the stop string that completes first; of several, the one that begins first. Stop strings may span tokens:
 * text that could begin a stop string is held back until later pieces decide.
 */
export class StopStrings {
  readonly #stops: readonly string[];
  #held = '';
  #found = false;

  constructor(stops: readonly string[]) {
    this.#stops = stops.filter((stop) => stop !== '');
  }

  /** Whether a stop string was found. The text ends before it and later pieces are dropped. */
  get found(): boolean {
    return this.#found;
  }

  /** Adds the next piece. Returns the text that is certain to precede any stop string. */
  push(piece: string): string {
    if (this.#found) return '';
    const text = this.#held + piece;
    const match = this.#firstComplete(text);
    this.#found = match !== undefined;
    const certain = match ?? text.length - this.#undecided(text);
    this.#held = this.#found ? '' : text.slice(certain);
    return text.slice(0, certain);
  }

  /** Returns the text that was held back. Called after the last piece. */
  end(): string {
    const rest = this.#held;
    this.#held = '';
    return rest;
  }

  /** Start of the stop string that completes first. */
  #firstComplete(text: string): number | undefined {
    const matches = this.#stops
      .map((stop) => ({ at: text.indexOf(stop), length: stop.length }))
      .filter(({ at }) => at >= 0)
      .sort((a, b) => a.at + a.length - (b.at + b.length) || a.at - b.at);
    return matches[0]?.at;
  }

  /** Length of the longest suffix of the text that is a prefix of a stop string. */
  #undecided(text: string): number {
    const longest = Math.max(0, ...this.#stops.map((stop) => stop.length - 1));
    for (let length = Math.min(longest, text.length); length > 0; length--) {
      const end = text.slice(-length);
      if (this.#stops.some((stop) => stop.startsWith(end))) return length;
    }
    return 0;
  }
}
