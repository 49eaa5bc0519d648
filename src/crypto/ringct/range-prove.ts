import { BitorchError, concat } from '#base';
import { type Curve, type Scalar, type ScalarVector, scalarOf } from '../curve.ts';
import { type RandomBytes, randomScalar, systemRandom } from '../random.ts';
import { amountGenerator, checkAmount } from './commitment.ts';
import {
  BITS,
  elementOf,
  MAX_OUTPUTS,
  paddedOutputs,
  type RangeProof,
  RangeTranscript,
  rangeGenerators,
  repeated,
  weightedBits,
} from './range-transcript.ts';
import type { RangeClaim } from './range-verify.ts';

/** The state of the argument while it halves. */
interface Folding {
  a: ScalarVector;
  b: ScalarVector;
  /** How each original generator enters the folded ones: the folded index is the original one mod a's length. */
  g: ScalarVector;
  h: ScalarVector;
  blinding: Scalar;
}

const half = (vector: ScalarVector, which: 0 | 1): ScalarVector =>
  vector.subarray((which * vector.length) / 2, ((1 + which) * vector.length) / 2);

/**
 * Proves that each amount is below 2^64 without showing it. `amounts` and `masks` are those of the commitments, one to
 * 16 of them; the answer carries the commitments divided by 8, as the wire and the verifier have them. All secrets go
 * through constant-time arithmetic. Throws AMOUNT_INVALID, or RANGE_INVALID for a wrong number of them.
 */
export function proveRange(
  amounts: readonly bigint[],
  masks: readonly Scalar[],
  curve: Curve,
  random: RandomBytes = systemRandom,
): RangeClaim {
  if (amounts.length === 0 || amounts.length > MAX_OUTPUTS || masks.length !== amounts.length) {
    throw new BitorchError(
      'RANGE_INVALID',
      `a range proof covers 1 to ${MAX_OUTPUTS} amounts, each with a mask`,
    );
  }
  amounts.forEach(checkAmount);
  for (;;) {
    const claim = attempt(amounts, masks, curve, () => randomScalar(curve, random));
    if (claim !== undefined) return claim;
  }
}

/** One try; undefined in the case, never seen, that a challenge is zero. */
function attempt(
  amounts: readonly bigint[],
  masks: readonly Scalar[],
  curve: Curve,
  fresh: () => Scalar,
): RangeClaim | undefined {
  const { scalars } = curve;
  const { add, multiply, subtract } = scalars;
  const outputs = paddedOutputs(amounts.length);
  const size = BITS * outputs;
  const generators = rangeGenerators(size, curve);
  const eighth = scalars.invert(scalarOf(8));
  const points = [...generators.g, ...generators.h, amountGenerator(curve), curve.base];
  /** (Σ g_i·G_i + h_i·H_i + amount·H + blind·G)/8, encoded; constant time. */
  const combine = (g: ScalarVector, h: ScalarVector, amount: Scalar, blind: Scalar): Uint8Array =>
    curve.encode(curve.multiScalarSecret(scalars.scaleVector(concat([g, h, amount, blind]), eighth), points));

  const commitments = amounts.map((amount, j) => {
    const terms = scalars.scaleVector(concat([scalarOf(amount), masks[j]!]), eighth);
    return curve.encode(curve.multiScalarSecret(terms, [amountGenerator(curve), curve.base]));
  });
  const transcript = new RangeTranscript(commitments, curve);
  const bits = bitsOf(amounts, outputs);
  const complement = scalars.addVectors(bits, repeated(scalarOf(-1), size));
  const blinding = fresh();
  const a = combine(bits, complement, scalarOf(0), blinding);

  const y = transcript.challenge(a);
  const z = transcript.challenge();
  if (isZero(y) || isZero(z)) return undefined;
  const zSquared = multiply(z, z);
  const yPowers = scalars.powers(y, size + 2);
  const weights = scalars.powers(zSquared, outputs + 1);
  const bitWeights = scalars.multiplyVectors(
    weightedBits(zSquared, outputs, curve),
    reversed(yPowers.subarray(32, 32 * (size + 1))),
  );
  const state: Folding = {
    a: scalars.addVectors(bits, repeated(subtract(scalarOf(0), z), size)),
    b: scalars.addVectors(scalars.addVectors(complement, repeated(z, size)), bitWeights),
    g: repeated(scalarOf(1), size),
    h: repeated(scalarOf(1), size),
    blinding: masks.reduce(
      (sum, mask, j) =>
        add(sum, multiply(multiply(elementOf(yPowers, size + 1), elementOf(weights, j + 1)), mask)),
      blinding,
    ),
  };

  const [left, right]: Uint8Array[][] = [[], []];
  for (let length = size; length > 1; length /= 2) {
    const [dl, dr] = [fresh(), fresh()];
    const halved = crossTerms(state, yPowers, length / 2, curve);
    left!.push(combine(halved.left.g, halved.left.h, halved.left.product, dl));
    right!.push(combine(halved.right.g, halved.right.h, halved.right.product, dr));
    const c = transcript.challenge(left!.at(-1)!, right!.at(-1)!);
    if (isZero(c)) return undefined;
    fold(state, c, elementOf(yPowers, length / 2), curve);
    const [c2, inverse2] = [multiply(c, c), scalars.invert(multiply(c, c))];
    state.blinding = add(state.blinding, add(multiply(c2, dl), multiply(inverse2, dr)));
  }

  const [r, s, delta, eta] = [fresh(), fresh(), fresh(), fresh()];
  const { a: lastA, b: lastB } = state;
  const cross = add(multiply(multiply(r, y), lastB), multiply(multiply(s, y), lastA));
  const a1 = combine(scalars.scaleVector(state.g, r), scalars.scaleVector(state.h, s), cross, delta);
  const nothing = new Uint8Array(32 * size);
  const b = combine(nothing, nothing, multiply(multiply(r, y), s), eta);
  const e = transcript.challenge(a1, b);
  if (isZero(e)) return undefined;
  const proof: RangeProof = {
    a,
    a1,
    b,
    r1: add(r, multiply(lastA, e)),
    s1: add(s, multiply(lastB, e)),
    d1: add(add(eta, multiply(delta, e)), multiply(state.blinding, multiply(e, e))),
    left: left!,
    right: right!,
  };
  return { proof, commitments };
}

const isZero = (scalar: Scalar): boolean => scalar.every((byte) => byte === 0);

/** All bits of all amounts, lowest first, as scalars 0 and 1; outputs beyond the last have none. */
function bitsOf(amounts: readonly bigint[], outputs: number): ScalarVector {
  const vector = new Uint8Array(32 * BITS * outputs);
  for (const [j, amount] of amounts.entries()) {
    for (let i = 0; i < BITS; i++) vector[32 * (BITS * j + i)] = Number((amount >> BigInt(i)) & 1n);
  }
  return vector;
}

function reversed(vector: ScalarVector): ScalarVector {
  const count = vector.length / 32;
  return concat(Array.from({ length: count }, (_, i) => elementOf(vector, count - 1 - i)));
}

/** The scalars of L and R for halves of `n` elements, spread over the original generators. */
function crossTerms(state: Folding, yPowers: ScalarVector, n: number, curve: Curve) {
  const { scalars } = curve;
  const [yn, a1, a2, b1, b2] = [
    elementOf(yPowers, n),
    half(state.a, 0),
    half(state.a, 1),
    half(state.b, 0),
    half(state.b, 1),
  ];
  const scaled1 = scalars.scaleVector(a1, scalars.invert(yn));
  const scaled2 = scalars.scaleVector(a2, yn);
  const y1 = yPowers.subarray(32, 32 * (n + 1));
  const weighted = (u: ScalarVector, v: ScalarVector) =>
    scalars.innerProduct(scalars.multiplyVectors(u, v), y1);
  const none = new Uint8Array(32 * n);
  const spread = (low: ScalarVector, high: ScalarVector, over: ScalarVector) => {
    const period = concat([low, high]);
    return scalars.multiplyVectors(concat(Array(over.length / period.length).fill(period)), over);
  };
  return {
    left: {
      g: spread(none, scaled1, state.g),
      h: spread(b2, none, state.h),
      product: weighted(a1, b2),
    },
    right: {
      g: spread(scaled2, none, state.g),
      h: spread(none, b1, state.h),
      product: weighted(scaled2, b1),
    },
  };
}

/** Halves the vectors: G ← G1/c + c/y^n·G2, H ← c·H1 + H2/c, a ← c·a1 + y^n/c·a2, b ← b1/c + c·b2. */
function fold(state: Folding, c: Scalar, yn: Scalar, curve: Curve): void {
  const { scalars } = curve;
  const inverse = scalars.invert(c);
  const n = state.a.length / 64;
  const pattern = (low: Scalar, high: Scalar) => {
    const period = concat([repeated(low, n), repeated(high, n)]);
    return concat(Array(state.g.length / period.length).fill(period));
  };
  state.g = scalars.multiplyVectors(state.g, pattern(inverse, scalars.multiply(c, scalars.invert(yn))));
  state.h = scalars.multiplyVectors(state.h, pattern(c, inverse));
  state.a = scalars.addVectors(
    scalars.scaleVector(half(state.a, 0), c),
    scalars.scaleVector(half(state.a, 1), scalars.multiply(yn, inverse)),
  );
  state.b = scalars.addVectors(
    scalars.scaleVector(half(state.b, 0), inverse),
    scalars.scaleVector(half(state.b, 1), c),
  );
}
