/** Longest phrase that is looked for, in tokens. */
const MAX_PERIOD = 64;
/** What comes again and again is a loop at this many copies, and not before this many tokens of them. */
const COPIES = 5;
const LEAST_TOKENS = 48;

/**
 * Notices that an answer has begun to repeat one phrase without end, as small models do with greedy sampling. Keeps
 * the last 64 tokens and, for each length of a phrase, how long the answer has been repeating itself at that distance.
 */
export class RepetitionDetector {
  /** The last MAX_PERIOD tokens, the next one's place at `#count % MAX_PERIOD`. */
  readonly #recent = new Int32Array(MAX_PERIOD).fill(-1);
  /** By period − 1: how many of the last tokens in a row equal the one a period before. */
  readonly #repeated = new Int32Array(MAX_PERIOD);
  #count = 0;

  /** Takes the next token; true when the answer has gone round in a circle for long enough to end it. */
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
