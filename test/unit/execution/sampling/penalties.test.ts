import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chosenToken, createSampler, type SamplingOptions } from '#execution';
import { logOf } from '../../../../src/execution/sampling/logarithm.ts';

/** The answer that greedy sampling gives when every position has the same logits. */
function greedy(options: SamplingOptions, logits: number[], count: number, prompt: number[] = []): number[] {
  const sampler = createSampler({ ...options, temperature: 0 }, prompt);
  return Array.from({ length: count }, () => sampler.sample(Float32Array.from(logits)));
}

test('min-p keeps what has its part of the likeliest probability', () => {
  const logits = Float32Array.from([0.5, 0.25, 0.2, 0.05], Math.log);
  const drawn = (minP: number) => {
    const sampler = createSampler({ temperature: 1, minP, seed: 9 });
    return [...new Set(Array.from({ length: 300 }, () => sampler.sample(logits)))].sort();
  };
  assert.deepEqual(drawn(0), [0, 1, 2, 3]);
  assert.deepEqual(drawn(0.3), [0, 1, 2]);
  assert.deepEqual(drawn(0.45), [0, 1]);
  assert.deepEqual(drawn(1), [0]);
});

test('the bias moves and bans tokens', () => {
  const logits = [3, 2, 1];
  assert.deepEqual(greedy({ logitBias: [[2, 2.5]] }, logits, 1), [2]);
  assert.deepEqual(greedy({ logitBias: [[0, Number.NEGATIVE_INFINITY]] }, logits, 1), [1]);
  const all = [0, 1, 2].map((id): [number, number] => [id, Number.NEGATIVE_INFINITY]);
  assert.throws(() => greedy({ logitBias: all }, logits, 1), { code: 'TOKENS_BANNED' });
});

test('the repetition penalty divides positive logits and multiplies negative ones, of prompt and answer', () => {
  // 4 / 2 = 2 is under 3, then 3 / 2 under 2: each is chosen once, the prompt counts.
  assert.deepEqual(greedy({ repetitionPenalty: 2 }, [4, 3, 1], 3), [0, 1, 0]);
  assert.deepEqual(greedy({ repetitionPenalty: 2 }, [4, 3, 1], 2, [0]), [1, 0]);
  assert.deepEqual(greedy({ repetitionPenalty: 2 }, [-1, -1.5], 2), [0, 1]);
  // Within a window of one token only the last one counts.
  assert.deepEqual(greedy({ repetitionPenalty: 2, repetitionWindow: 1 }, [4, 3, 1], 4), [0, 1, 0, 1]);
  assert.deepEqual(greedy({ repetitionPenalty: 2, repetitionWindow: 1 }, [4, 3, 1], 1, [0, 2]), [0]);
  assert.deepEqual(greedy({ repetitionPenalty: 2, repetitionWindow: 0 }, [4, 3, 1], 2), [0, 0]);
});

test('frequency counts each time, presence once, and both the answer only', () => {
  assert.deepEqual(greedy({ frequencyPenalty: 1 }, [3.5, 2, 0], 4, [0, 0, 0, 0]), [0, 0, 1, 0]);
  assert.deepEqual(greedy({ presencePenalty: 1 }, [3.5, 2, 0], 4), [0, 0, 0, 0]);
  assert.deepEqual(greedy({ presencePenalty: 2 }, [3.5, 2, 0], 4), [0, 1, 0, 0]);
  assert.deepEqual(greedy({ frequencyPenalty: -1 }, [1, 1.5], 2), [1, 1]);
});

test('bias comes before the repetition penalty, that before the other two', () => {
  // (−1 + 2) / 2 − 0.25 = 0.25; in any other order it would not be between 0.2 and 0.3.
  const changed = { logitBias: [[0, 2]] as const, repetitionPenalty: 2, presencePenalty: 0.25 };
  const second = (other: number) => greedy(changed, [-1, other], 2)[1];
  assert.equal(second(0.2), 0);
  assert.equal(second(0.3), 1);
});

test('options that change nothing give the bits of none', () => {
  const logits = Float32Array.from({ length: 500 }, (_, i) => ((i * 7919) % 1000) / 100);
  const draws = (options: SamplingOptions) => {
    const sampler = createSampler({ temperature: 1.1, topP: 0.9, seed: 5, ...options }, [1, 2, 3]);
    return Array.from({ length: 50 }, () => sampler.sample(logits));
  };
  const off = { minP: 0, repetitionPenalty: 1, frequencyPenalty: 0, presencePenalty: 0, logitBias: [] };
  assert.deepEqual(draws(off), draws({}));
  assert.deepEqual(draws({ logitBias: [[7, 0]] }), draws({}));
});

test('probabilities are those of the model itself', () => {
  const logits = Float32Array.from([0.5, 0.3, 0.15, 0.05], Math.log);
  const chosen = chosenToken(logits, 2, 3);
  assert.ok(Math.abs(Math.exp(chosen.logprob) - 0.15) < 1e-7);
  assert.deepEqual(
    chosen.likeliest.map(({ id }) => id),
    [0, 1, 2],
  );
  assert.equal(chosen.likeliest[2]!.logprob, chosen.logprob);
  assert.equal(chosenToken(logits, 0, 20).likeliest.length, 4);
  assert.deepEqual(chosenToken(logits, 0, 0).likeliest, []);
});

test('log agrees with the platform to the last places', () => {
  for (let x = 1; x < 1e9; x *= 1.37) {
    const bound = 2 ** -50 * Math.max(1, Math.log(x));
    assert.ok(Math.abs(logOf(x) - Math.log(x)) <= bound, `${x}`);
  }
  assert.equal(logOf(1), 0);
});
