import type { Logits } from './ranking.ts';

export interface PenaltyOptions {
  /** Values added to the logits of these token ids; −∞ bans a token. */
  readonly logitBias: readonly (readonly [id: number, bias: number])[];
  /** Divides positive logits of seen tokens and multiplies negative ones; 1 disables it. */
  readonly repetitionPenalty: number;
  /** Number of most recent tokens of prompt and answer that count as seen; all when absent. */
  readonly repetitionWindow: number | undefined;
  /** Subtracted from a token's logit for each occurrence in the answer. */
  readonly frequencyPenalty: number;
  /** Subtracted once from the logit of each token that occurs in the answer. */
  readonly presencePenalty: number;
}

/**
 * Adjusts logits before sampling, in the order of vLLM and llama.cpp: bias, then the repetition penalty over prompt and answer
 * (Keskar et al. 2019, CTRL), then OpenAI's frequency and presence penalties over the answer. Each step is computed in IEEE
 * doubles and rounded once.
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

  /** Whether no adjustment is configured. */
  get none(): boolean {
    const { logitBias, repetitionPenalty, frequencyPenalty, presencePenalty } = this.#options;
    return (
      logitBias.length === 0 && repetitionPenalty === 1 && frequencyPenalty === 0 && presencePenalty === 0
    );
  }

  /** The adjusted logits. The returned buffer is reused by the next call. */
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

/** Number of occurrences of each token among the last `window` tokens, or among all when `window` is undefined. */
class TokenCounts {
  readonly #window: number | undefined;
  readonly #counts = new Map<number, number>();
  /** Ring buffer of the window's tokens, the oldest at `#oldest`. Unused without a window. */
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
