/** Longest phrase that is detected, in tokens. */
const MAX_PERIOD = 64;
/** A phrase is a loop after this many consecutive copies, and not before they span this many tokens. */
const COPIES = 5;
const LEAST_TOKENS = 48;

/**
 * Detects an answer that repeats one phrase endlessly, as small models do with greedy sampling. Keeps the last 64 tokens and,
 * for each phrase length, the number of tokens for which the answer has repeated itself at that distance.
 */
export class RepetitionDetector {
  /** Ring buffer of the last MAX_PERIOD tokens; the next one is written at `#count % MAX_PERIOD`. */
  readonly #recent = new Int32Array(MAX_PERIOD).fill(-1);
  /** By period − 1: number of consecutive latest tokens that equal the token one period earlier. */
  readonly #repeated = new Int32Array(MAX_PERIOD);
  #count = 0;

  /** Adds the next token. True when the answer has looped long enough to be ended. */
  push(token: number): boolean {
    let loops = false;
    for (let period = 1; period <= MAX_PERIOD; period++) {
      const before = this.#recent[(this.#count + MAX_PERIOD - period) % MAX_PERIOD];
      const repeated = before === token ? this.#repeated[period - 1]! + 1 : 0;
      this.#repeated[period - 1] = repeated;
      // The first copy repeats nothing.
      loops ||= repeated >= Math.max((COPIES - 1) * period, LEAST_TOKENS - period);
    }
    this.#recent[this.#count++ % MAX_PERIOD] = token;
    return loops;
  }
}
