/**
 * Ends a text at the stop string that is complete first (of several, the one that begins first), wherever token
 * borders cut it: text that could be the beginning of a stop string is held back until the next piece decides.
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
    const match = this.#firstComplete(text);
    this.#found = match !== undefined;
    const certain = match ?? text.length - this.#undecided(text);
    this.#held = this.#found ? '' : text.slice(certain);
    return text.slice(0, certain);
  }

  /** What was held back, when no more pieces come. */
  end(): string {
    const rest = this.#held;
    this.#held = '';
    return rest;
  }

  /** Where the stop string begins that is complete first. */
  #firstComplete(text: string): number | undefined {
    const matches = this.#stops
      .map((stop) => ({ at: text.indexOf(stop), length: stop.length }))
      .filter(({ at }) => at >= 0)
      .sort((a, b) => a.at + a.length - (b.at + b.length) || a.at - b.at);
    return matches[0]?.at;
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
