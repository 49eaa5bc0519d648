import { randomInt } from 'node:crypto';
import { BitorchError, check, z } from '#base';
import { expOfNegative } from './exp.ts';
import { uniform } from './random.ts';

const samplingSchema = z.object({
  temperature: z.number().min(0).max(100).default(0),
  topK: z.number().int().min(0).default(0),
  topP: z.number().gt(0).max(1).default(1),
  seed: z.number().int().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER).optional(),
});

export interface SamplingOptions {
  /** 0, the default, takes the likeliest token always. */
  readonly temperature?: number | undefined;
  /** Only the K likeliest tokens; 0, the default, keeps all. */
  readonly topK?: number | undefined;
  /** Only the fewest likeliest tokens that have this probability together; 1, the default, keeps all. */
  readonly topP?: number | undefined;
  /** Random when absent. */
  readonly seed?: number | undefined;
}

export interface Sampler {
  readonly seed: number;
  /** The next token: an index into `logits`. Throws LOGITS_INVALID when they hold a NaN or no finite maximum. */
  sample(logits: Float32Array): number;
}

/**
 * Chooses tokens: temperature, then top-k, then top-p, then one draw, as transformers orders them. The same
 * options and logits give the same tokens on every machine: arithmetic is IEEE doubles in a fixed order, exp and
 * the random numbers are our own, and ties go to the lower id. Throws SCHEMA_INVALID.
 */
export function createSampler(options: SamplingOptions): Sampler {
  const { temperature, topK, topP, seed = randomInt(2 ** 47) } = check(samplingSchema, options, 'sampling');
  let drawn = 0;
  return {
    seed,
    sample(logits) {
      const likeliest = argmax(logits);
      if (temperature === 0 || topK === 1) return likeliest;
      const ids = topK > 0 && topK < logits.length ? largest(logits, topK) : everyId(logits.length);
      let candidates = weigh(ids, logits, logits[likeliest]!, temperature);
      if (topP < 1) candidates = nucleus(candidates, topP);
      return draw(candidates, uniform(seed, drawn++));
    },
  };
}

/** Tokens and their relative probabilities: 1 for the likeliest token. */
interface Candidates {
  readonly ids: Int32Array;
  readonly weights: Float64Array;
}

function argmax(logits: Float32Array): number {
  let best = 0;
  let healthy = true;
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id]!;
    if (logit > logits[best]!) best = id;
    healthy &&= !Number.isNaN(logit);
  }
  if (!healthy || !Number.isFinite(logits[best])) {
    throw new BitorchError('LOGITS_INVALID', 'the model gave no finite logits: its weights are damaged');
  }
  return best;
}

const everyId = (count: number): Int32Array => new Int32Array(count).map((_, id) => id);

/** Ids of the `count` largest logits, the largest first. */
function largest(logits: Float32Array, count: number): Int32Array {
  const least = logits.toSorted()[logits.length - count]!;
  const ids = everyId(logits.length).filter((id) => logits[id]! >= least);
  return ids.sort((a, b) => logits[b]! - logits[a]! || a - b).subarray(0, count);
}

function weigh(ids: Int32Array, logits: Float32Array, max: number, temperature: number): Candidates {
  const weights = new Float64Array(ids.length);
  for (let i = 0; i < ids.length; i++) weights[i] = expOfNegative((logits[ids[i]!]! - max) / temperature);
  return { ids, weights };
}

/** The fewest likeliest tokens that hold `topP` of the weight, the likeliest first. */
function nucleus({ ids, weights }: Candidates, topP: number): Candidates {
  const needed = topP * sum(weights);
  // A token under (1 − p)/n of the whole cannot be among them; a thousandth is left for rounding.
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

/** The token at which the running sum of weights passes the fraction `at` of the whole. */
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
