/**
 * Ends a text at the first of several strings, wherever token borders cut it: text that could be the beginning
 * of a stop string is held back until the next piece decides.
 */
export class StopStrings {
  readonly #stops: readonly string[];
  #held = '';
  #found = false;

  constructor(stops: readonly string[]) {
    this.#stops = stops.filter((stop) => stop !== '');
  }

  /** Whether a stop string has come: the text ends before it, later pieces are dropped. */
  get found(): boolean {
    return this.#found;
  }

  /** Takes the next piece and returns what is certain to belong to the text. */
  push(piece: string): string {
    if (this.#found) return '';
    const text = this.#held + piece;
    const ends = this.#stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
    this.#found = ends.length > 0;
    const certain = this.#found ? Math.min(...ends) : text.length - this.#undecided(text);
    this.#held = this.#found ? '' : text.slice(certain);
    return text.slice(0, certain);
  }

  /** What was held back, when no more pieces come. */
  end(): string {
    const rest = this.#held;
    this.#held = '';
    return rest;
  }

  /** Length of the longest end of the text that begins a stop string. */
  #undecided(text: string): number {
    const longest = Math.max(0, ...this.#stops.map((stop) => stop.length - 1));
    for (let length = Math.min(longest, text.length); length > 0; length--) {
      const end = text.slice(-length);
      if (this.#stops.some((stop) => stop.startsWith(end))) return length;
    }
    return 0;
  }
}
