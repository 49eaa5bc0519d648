import type { Logits } from './ranking.ts';

export interface PenaltyOptions {
  /** Added to the logits of these token ids; −∞ bans a token. */
  readonly logitBias: readonly (readonly [id: number, bias: number])[];
  /** Divides the positive logits of tokens that were seen, multiplies the others; 1 does nothing. */
  readonly repetitionPenalty: number;
  /** How many of the last tokens of prompt and answer count as seen; all when absent. */
  readonly repetitionWindow: number | undefined;
  /** Taken from the logit of a token for each time that the answer has it. */
  readonly frequencyPenalty: number;
  /** Taken from the logit of a token that the answer has. */
  readonly presencePenalty: number;
}

/**
 * What changes logits before a token is chosen, in the order of vLLM and llama.cpp: bias, then the repetition penalty over
 * prompt and answer (Keskar et al. 2019, CTRL), then OpenAI's frequency and presence penalties over the answer. In IEEE
 * doubles, one rounding for each of these steps.
 */
export class Penalties {
  readonly #options: PenaltyOptions;
  readonly #seen: TokenCounts;
  readonly #answered: TokenCounts;
  #adjusted = new Float64Array(0);

  constructor(options: PenaltyOptions, prompt: readonly number[]) {
    this.#options = options;
    this.#seen = new TokenCounts(options.repetitionWindow);
    this.#answered = new TokenCounts(undefined);
    for (const token of prompt) this.#seen.add(token);
  }

  /** Whether nothing is changed at all. */
  get none(): boolean {
    const { logitBias, repetitionPenalty, frequencyPenalty, presencePenalty } = this.#options;
    return (
      logitBias.length === 0 && repetitionPenalty === 1 && frequencyPenalty === 0 && presencePenalty === 0
    );
  }

  /** The logits to choose from: the same buffer at each call. */
  apply(logits: Float32Array): Logits {
    if (this.none) return logits;
    const { logitBias, repetitionPenalty, frequencyPenalty, presencePenalty } = this.#options;
    if (this.#adjusted.length !== logits.length) this.#adjusted = new Float64Array(logits.length);
    const adjusted = this.#adjusted;
    adjusted.set(logits);
    const change = (id: number, to: (logit: number) => number) => {
      if (id < adjusted.length) adjusted[id] = to(adjusted[id]!);
    };
    for (const [id, bias] of logitBias) change(id, (logit) => logit + bias);
    if (repetitionPenalty !== 1)
      for (const id of this.#seen.ids())
        change(id, (logit) => (logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty));
    for (const id of this.#answered.ids())
      change(id, (logit) => logit - frequencyPenalty * this.#answered.of(id) - presencePenalty);
    return adjusted;
  }

  /** Counts a token of the answer. */
  push(token: number): void {
    if (this.none) return;
    this.#seen.add(token);
    this.#answered.add(token);
  }
}

/** How often each token is among the last `window` tokens; among all when it is undefined. */
class TokenCounts {
  readonly #window: number | undefined;
  readonly #counts = new Map<number, number>();
  /** The tokens of the window, the oldest at `#oldest`; kept only where there is a window. */
  readonly #tokens: number[] = [];
  #oldest = 0;

  constructor(window: number | undefined) {
    this.#window = window;
  }

  ids(): Iterable<number> {
    return this.#counts.keys();
  }

  of(token: number): number {
    return this.#counts.get(token) ?? 0;
  }

  add(token: number): void {
    if (this.#window === 0) return;
    this.#counts.set(token, this.of(token) + 1);
    if (this.#window === undefined) return;
    if (this.#tokens.length < this.#window) {
      this.#tokens.push(token);
      return;
    }
    this.#remove(this.#tokens[this.#oldest]!);
    this.#tokens[this.#oldest] = token;
    this.#oldest = (this.#oldest + 1) % this.#window;
  }

  #remove(token: number): void {
    const left = this.of(token) - 1;
    if (left > 0) this.#counts.set(token, left);
    else this.#counts.delete(token);
  }
}
