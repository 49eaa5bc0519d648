import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cosineAndSine, exponential, logarithm } from '../../../src/execution/arithmetic/elementary.ts';
import { ropeFrequencies } from '../../../src/execution/arithmetic/rope.ts';
import { architectureSchema } from '../../../src/formats/index.ts';

const double = (min: number, max: number) => fc.double({ min, max, noNaN: true });

test('logarithm, exponential, cosine and sine are right to the last bits', () => {
  fc.assert(
    fc.property(double(1e-6, 1e9), double(-40, 0), double(0, 131072), (x, y, angle) => {
      assert.ok(Math.abs(logarithm(x) - Math.log(x)) <= 4e-16 * Math.max(1, Math.abs(Math.log(x))));
      assert.ok(Math.abs(exponential(y) / Math.exp(y) - 1) <= 4e-16);
      const pair = new Float64Array(2);
      cosineAndSine(angle, pair);
      assert.ok(Math.abs(pair[0]! - Math.cos(angle)) <= 4e-16);
      assert.ok(Math.abs(pair[1]! - Math.sin(angle)) <= 4e-16);
    }),
    { numRuns: 2000 },
  );
});

test('rotary frequencies are theta to the power of -2i / headDim, scaled as Llama 3.1 says', () => {
  const base = architectureSchema.parse({
    family: 'llama',
    layers: 1,
    hidden: 64,
    heads: 1,
    kvHeads: 1,
    headDim: 128,
    ffn: 64,
    vocab: 8,
    context: 131072,
    ropeTheta: 500000,
    normEps: 1e-5,
    tiedHead: true,
  });
  const plain = ropeFrequencies(base);
  plain.forEach((frequency, i) => {
    assert.ok(Math.abs(frequency / 500000 ** ((-2 * i) / 128) - 1) < 1e-14);
  });
  const ropeScaling = { factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalContext: 8192 };
  const scaled = ropeFrequencies({ ...base, ropeScaling });
  assert.equal(scaled[0], plain[0]);
  assert.equal(scaled[63], plain[63]! / 8);
  // one in between, from transformers' modeling_rope_utils.py by hand: wavelength 2π / f between 2048 and 8192
  const i = plain.findIndex((f) => (2 * Math.PI) / f > 4000);
  const smooth = ((8192 * plain[i]!) / (2 * Math.PI) - 1) / 3;
  assert.ok(Math.abs(scaled[i]! / ((1 - smooth) * (plain[i]! / 8) + smooth * plain[i]!) - 1) < 1e-12);
});
