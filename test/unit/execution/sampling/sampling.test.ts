import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSampler, type SamplingOptions, StopStrings } from '#execution';
import { expOfNegative } from '../../../../src/execution/sampling/exp.ts';
import { uniform } from '../../../../src/execution/sampling/random.ts';

const LOGITS = Float32Array.of(1, 3, 2, -4, 3);

function draws(options: SamplingOptions, count: number, logits = LOGITS): number[] {
  const sampler = createSampler(options);
  return Array.from({ length: count }, () => sampler.sample(logits));
}

function shares(options: SamplingOptions, logits = LOGITS, count = 20_000): number[] {
  const counts = new Array<number>(logits.length).fill(0);
  for (const id of draws(options, count, logits)) counts[id]!++;
  return counts.map((n) => n / count);
}

function assertNear(actual: number[], expected: number[]): void {
  for (const [i, share] of actual.entries()) assert.ok(Math.abs(share - expected[i]!) < 0.02, `${actual}`);
}

const softmax = (logits: number[]): number[] => {
  const weights = logits.map((x) => Math.exp(x));
  const total = weights.reduce((a, b) => a + b);
  return weights.map((w) => w / total);
};

test('greedy takes the likeliest, of equal ones the first', () => {
  assert.deepEqual(draws({}, 3), [1, 1, 1]);
  assert.deepEqual(draws({ temperature: 0, topP: 0.1, seed: 5 }, 2), [1, 1]);
  assert.deepEqual(draws({ temperature: 2, topK: 1 }, 2), [1, 1]);
});

test('equal seeds give equal draws, pinned for every machine', () => {
  const options = { temperature: 0.9, topP: 0.95, seed: 42 };
  assert.deepEqual(draws(options, 100), draws(options, 100));
  assert.notDeepEqual(draws(options, 100), draws({ ...options, seed: 43 }, 100));
  const logits = Float32Array.from({ length: 1000 }, (_, i) => ((i * 7919) % 1000) / 100);
  assert.deepEqual(draws({ temperature: 1, seed: 7 }, 8, logits), PINNED.all);
  assert.deepEqual(draws({ temperature: 0.7, topK: 50, seed: 7 }, 8, logits), PINNED.topK);
  assert.deepEqual(draws({ temperature: 1.3, topP: 0.8, seed: -7 }, 8, logits), PINNED.topP);
});

/** Computed by another implementation, in Python. */
const PINNED = {
  all: [385, 15, 902, 582, 457, 249, 471, 322],
  topK: [136, 321, 124, 25, 99, 210, 420, 173],
  topP: [334, 223, 928, 778, 359, 656, 396, 321],
};

test('without a seed one is drawn and can be used again', () => {
  const sampler = createSampler({ temperature: 1 });
  const first = Array.from({ length: 50 }, () => sampler.sample(LOGITS));
  assert.deepEqual(draws({ temperature: 1, seed: sampler.seed }, 50), first);
  assert.notEqual(createSampler({}).seed, createSampler({}).seed);
});

test('draws follow the softmax of logits over temperature', () => {
  assertNear(shares({ temperature: 1, seed: 1 }), softmax([...LOGITS]));
  assertNear(shares({ temperature: 0.5, seed: 2 }), softmax([...LOGITS].map((x) => x / 0.5)));
});

test('top-k keeps the k likeliest, of equal ones the first', () => {
  const none = Number.NEGATIVE_INFINITY;
  assertNear(shares({ temperature: 1, topK: 3, seed: 3 }), softmax([none, 3, 2, none, 3]));
  const equal = Float32Array.of(1, 1, 1, 1);
  assert.deepEqual([...new Set(draws({ temperature: 1, topK: 2, seed: 3 }, 100, equal))].sort(), [0, 1]);
});

test('top-p keeps the fewest that reach it, at least one', () => {
  const logits = Float32Array.from([0.5, 0.3, 0.15, 0.05], Math.log);
  assertNear(shares({ temperature: 1, topP: 0.7, seed: 4 }, logits), [5 / 8, 3 / 8, 0, 0]);
  assertNear(shares({ temperature: 1, topP: 0.0001, seed: 4 }, logits), [1, 0, 0, 0]);
  assertNear(shares({ temperature: 1, topP: 0, seed: 4 }, logits), [1, 0, 0, 0]);
  assertNear(shares({ temperature: 1, topK: 2, topP: 0.9, seed: 4 }, logits), [5 / 8, 3 / 8, 0, 0]);
});

test('tokens of no probability are never drawn', () => {
  const logits = Float32Array.of(Number.NEGATIVE_INFINITY, 0, Number.NEGATIVE_INFINITY);
  assert.deepEqual(new Set(draws({ temperature: 5, seed: 1 }, 500, logits)), new Set([1]));
});

test('damaged logits and options out of range are refused', () => {
  for (const bad of [
    [Number.NaN, 1],
    [1, Number.NaN],
    [Number.POSITIVE_INFINITY],
    [Number.NEGATIVE_INFINITY],
    [],
  ]) {
    assert.throws(() => createSampler({}).sample(Float32Array.from(bad)), { code: 'LOGITS_INVALID' });
  }
  for (const bad of [
    { temperature: -1 },
    { temperature: Number.NaN },
    { topP: -0.1 },
    { minP: 1.1 },
    { repetitionPenalty: 0 },
    { repetitionWindow: -1 },
    { frequencyPenalty: Number.NaN },
    { logitBias: [[-1, 1]] as const },
    { logitBias: [[1, Number.NaN]] as const },
    { topP: 1.1 },
    { topK: -1 },
    { topK: 1.5 },
    { seed: 0.5 },
  ]) {
    assert.throws(() => createSampler(bad), { code: 'SCHEMA_INVALID' });
  }
});

test('exp agrees with the platform to two last places', () => {
  for (let x = 0; x > -690; x -= 0.37) {
    const ratio = expOfNegative(x) / Math.exp(x);
    assert.ok(Math.abs(ratio - 1) <= 2 ** -51, `${x}: ${ratio}`);
  }
  assert.equal(expOfNegative(0), 1);
  assert.equal(expOfNegative(-701), 0);
  assert.equal(expOfNegative(Number.NEGATIVE_INFINITY), 0);
});

test('random numbers are those of SplitMix64', () => {
  // First outputs for seed 1234567 (Rosetta Code, "Pseudo-random numbers/Splitmix64").
  const outputs = [6457827717110365317n, 3203168211198807973n, 9817491932198370423n];
  for (const [i, output] of outputs.entries()) {
    assert.equal(uniform(1234567, i), Number(output >> 11n) / 2 ** 53);
  }
});

test('stop strings end the text before them, across pieces', () => {
  const stops = new StopStrings(['END', '\n\n']);
  assert.deepEqual(
    ['one E', 'N', 'X\n', 'tw', 'o EN', 'D three', 'four'].map((piece) => stops.push(piece)),
    ['one ', '', 'ENX', '\ntw', 'o ', '', ''],
  );
  assert.equal(stops.found, true);
  assert.equal(stops.end(), '');
});

test('what was held back is given at the end when it was no stop string', () => {
  const stops = new StopStrings(['<end>']);
  assert.equal(stops.push('text <en'), 'text ');
  assert.equal(stops.end(), '<en');
  assert.equal(stops.found, false);
});

test('the first of several stop strings counts, empty ones do not', () => {
  const stops = new StopStrings(['', 'late', 'b']);
  assert.equal(stops.push('abc late'), 'a');
  const none = new StopStrings([]);
  assert.equal(none.push('text'), 'text');
});
