import { randomInt } from 'node:crypto';
import { BitorchError, check, z } from '#base';
import { expOfNegative } from './exp.ts';
import { Penalties } from './penalties.ts';
import { uniform } from './random.ts';
import { everyId, type Logits, largest } from './ranking.ts';

const samplingSchema = z.object({
  temperature: z.number().min(0).max(100).default(0),
  topK: z.number().int().min(0).default(0),
  topP: z.number().min(0).max(1).default(1),
  minP: z.number().min(0).max(1).default(0),
  logitBias: z.array(z.tuple([z.number().int().min(0), z.number().or(z.literal(-Infinity))])).default([]),
  repetitionPenalty: z.number().gt(0).max(1000).default(1),
  repetitionWindow: z.number().int().min(0).optional(),
  frequencyPenalty: z.number().min(-1000).max(1000).default(0),
  presencePenalty: z.number().min(-1000).max(1000).default(0),
  seed: z.number().int().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER).optional(),
});

export interface SamplingOptions {
  /** 0, the default, always takes the most likely token. */
  readonly temperature?: number | undefined;
  /** Keeps only the K most likely tokens; 0, the default, keeps all. */
  readonly topK?: number | undefined;
  /** Keeps the smallest set of most likely tokens with at least this total probability; 1, the default, keeps all. */
  readonly topP?: number | undefined;
  /** Keeps only tokens with at least this fraction of the highest probability; 0, the default, keeps all. */
  readonly minP?: number | undefined;
  /** See PenaltyOptions; disabled when absent. */
  readonly logitBias?: readonly (readonly [id: number, bias: number])[] | undefined;
  readonly repetitionPenalty?: number | undefined;
  readonly repetitionWindow?: number | undefined;
  readonly frequencyPenalty?: number | undefined;
  readonly presencePenalty?: number | undefined;
  /** Random when absent. */
  readonly seed?: number | undefined;
}

export interface Sampler {
  readonly seed: number;
  /**
   * The next token: an index into `logits`. Throws LOGITS_INVALID when they hold a NaN or no finite maximum, and
   * TOKENS_BANNED when the bias leaves no token.
   */
  sample(logits: Float32Array): number;
}

/**
 * Creates a sampler. It applies bias and penalties, temperature, top-k, top-p and min-p, then draws once, in the order of
 * Hugging Face transformers. Tokens of `prompt` count as seen for the repetition penalty. The same options, prompt and logits
 * produce the same tokens on every machine: arithmetic is IEEE doubles in a fixed order, exp and the random numbers are
 * implemented in this folder, and ties go to the lower id. Throws SCHEMA_INVALID when an option is out of range.
 */
export function createSampler(options: SamplingOptions, prompt: readonly number[] = []): Sampler {
  const {
    temperature,
    topK,
    topP,
    minP,
    seed = randomInt(2 ** 47),
    repetitionWindow,
    ...changes
  } = check(samplingSchema, options, 'sampling');
  const penalties = new Penalties({ ...changes, repetitionWindow }, prompt);
  let drawn = 0;

  function choose(logits: Logits, likeliest: number): number {
    if (logits[likeliest] === Number.NEGATIVE_INFINITY)
      throw new BitorchError('TOKENS_BANNED', 'the logit bias bans every token: allow at least one');
    if (temperature === 0 || topK === 1) return likeliest;
    const ids = topK > 0 && topK < logits.length ? largest(logits, topK) : everyId(logits.length);
    let candidates = weigh(ids, logits, logits[likeliest]!, temperature);
    if (topP < 1) candidates = nucleus(candidates, topP);
    if (minP > 0) candidates = atLeast(candidates, minP);
    return draw(candidates, uniform(seed, drawn++));
  }

  return {
    seed,
    sample(logits) {
      const likeliest = likeliestOf(logits);
      const adjusted = penalties.apply(logits);
      const token = choose(adjusted, adjusted === logits ? likeliest : argmax(adjusted));
      penalties.push(token);
      return token;
    },
  };
}

/** Tokens and their relative probabilities; the most likely token has weight 1. */
interface Candidates {
  readonly ids: Int32Array;
  readonly weights: Float64Array;
}

/** Id of the largest logit; ties go to the lower id. */
function argmax(logits: Logits): number {
  let best = 0;
  for (let id = 0; id < logits.length; id++) if (logits[id]! > logits[best]!) best = id;
  return best;
}

/** argmax() of the model's raw logits. Throws LOGITS_INVALID when there is a NaN or no finite maximum. */
function likeliestOf(logits: Float32Array): number {
  let best = 0;
  let healthy = true;
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id]!;
    if (logit > logits[best]!) best = id;
    healthy &&= !Number.isNaN(logit);
  }
  if (!healthy || !Number.isFinite(logits[best]))
    throw new BitorchError(
      'LOGITS_INVALID',
      'the model produced NaN or no finite logits: its weights are damaged',
    );
  return best;
}

function weigh(ids: Int32Array, logits: Logits, max: number, temperature: number): Candidates {
  const weights = new Float64Array(ids.length);
  for (let i = 0; i < ids.length; i++) weights[i] = expOfNegative((logits[ids[i]!]! - max) / temperature);
  return { ids, weights };
}

/** The smallest set of most likely tokens that holds `topP` of the weight, in descending order. */
function nucleus({ ids, weights }: Candidates, topP: number): Candidates {
  const needed = topP * sum(weights);
  // A token with less than (1 − p)/n of the total weight cannot be in the set; 0.1 % is a margin for rounding.
  const floor = ((sum(weights) - needed) / ids.length) * 0.999;
  const order = everyId(ids.length)
    .filter((i) => weights[i]! >= floor)
    .sort((a, b) => weights[b]! - weights[a]! || ids[a]! - ids[b]!);
  let held = 0;
  const last = order.findIndex((i) => {
    held += weights[i]!;
    return held >= needed;
  });
  const kept = last < 0 ? order : order.subarray(0, last + 1);
  return { ids: kept.map((i) => ids[i]!), weights: Float64Array.from(kept, (i) => weights[i]!) };
}

/** Candidates with a weight of at least `minP`; the highest weight is 1. */
function atLeast({ ids, weights }: Candidates, minP: number): Candidates {
  const kept = everyId(ids.length).filter((i) => weights[i]! >= minP);
  return { ids: kept.map((i) => ids[i]!), weights: Float64Array.from(kept, (i) => weights[i]!) };
}

/** The token at which the running sum of weights exceeds the fraction `at` of the total. */
function draw({ ids, weights }: Candidates, at: number): number {
  const target = at * sum(weights);
  let passed = 0;
  let chosen = 0;
  for (let i = 0; i < ids.length && passed <= target; i++) {
    if (weights[i] === 0) continue;
    passed += weights[i]!;
    chosen = i;
  }
  return ids[chosen]!;
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
