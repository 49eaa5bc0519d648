import { BitorchError, concat, finish, type Steps } from '#base';
import { type Curve, type Point, type Scalar, type ScalarVector, scalarOf } from '../curve.ts';
import { type RandomBytes, randomScalar, systemRandom } from '../random.ts';
import { amountGenerator, checkAmount } from './commitment.ts';
import {
  BITS,
  elementOf,
  isZero,
  MAX_OUTPUTS,
  paddedOutputs,
  type RangeClaim,
  RangeTranscript,
  rangeGenerators,
  repeated,
  weightedBits,
} from './range-transcript.ts';

/** State of the inner-product argument. Generators are not folded; `g` and `h` are their coefficients in the folded ones. */
interface Folding {
  readonly a: ScalarVector;
  readonly b: ScalarVector;
  readonly g: ScalarVector;
  readonly h: ScalarVector;
}

/** Terms of a sum that are computed between two yields: about 15 ms. */
const TERMS_OF_STEP = 512;

/** The terms of a sum Σ scalar·point. */
interface Terms {
  readonly scalars: ScalarVector;
  readonly points: readonly Point[];
}

/**
 * Proves that each amount is below 2^64 without revealing it. `amounts` and `masks` are the openings of 1 to 16 commitments; the
 * result has the commitments divided by 8, as on the wire. Sums over secrets run in constant time. Throws AMOUNT_INVALID when an
 * amount is out of range, or RANGE_INVALID when the number of amounts or masks is wrong.
 */
export const proveRange = (...given: Parameters<typeof rangeSteps>): RangeClaim =>
  finish(rangeSteps(...given));

/** `proveRange` in steps: a proof for 16 amounts takes half a second. */
export function* rangeSteps(
  amounts: readonly bigint[],
  masks: readonly Scalar[],
  curve: Curve,
  random: RandomBytes = systemRandom,
): Steps<RangeClaim> {
  if (amounts.length === 0 || amounts.length > MAX_OUTPUTS || masks.length !== amounts.length) {
    throw new BitorchError(
      'RANGE_INVALID',
      `a range proof covers 1 to ${MAX_OUTPUTS} amounts, each with a mask`,
    );
  }
  amounts.forEach(checkAmount);
  for (;;) {
    const claim = yield* attempt(amounts, masks, curve, () => randomScalar(curve, random));
    if (claim !== undefined) return claim;
  }
}

/** One attempt; undefined in the negligible case that a challenge is zero. */
function* attempt(
  amounts: readonly bigint[],
  masks: readonly Scalar[],
  curve: Curve,
  fresh: () => Scalar,
): Steps<RangeClaim | undefined> {
  const { add, multiply, subtract, invert, ...vectors } = curve.scalars;
  const outputs = paddedOutputs(amounts.length);
  const size = BITS * outputs;
  const generators = rangeGenerators(size, curve);
  const all = (g: ScalarVector, h: ScalarVector): Terms[] => [
    { scalars: g, points: generators.g },
    { scalars: h, points: generators.h },
  ];
  const sum = (terms: readonly Terms[], amount: Scalar, blind: Scalar) =>
    eighthOf(terms, amount, blind, curve);

  const commitments: Uint8Array[] = [];
  for (const [j, amount] of amounts.entries()) commitments.push(yield* sum([], scalarOf(amount), masks[j]!));
  const transcript = new RangeTranscript(commitments, curve);
  const bits = bitsOf(amounts, outputs);
  const complement = vectors.addVectors(bits, repeated(scalarOf(-1), size));
  let blinding = fresh();
  const a = yield* sum(all(bits, complement), scalarOf(0), blinding);
  const y = transcript.challenge(a);
  const z = transcript.challenge();
  if (isZero(y) || isZero(z)) return undefined;

  const zz = multiply(z, z);
  const yPowers = vectors.powers(y, size + 2);
  const weights = vectors.powers(zz, outputs + 1);
  const yDown = reversed(yPowers.subarray(32, 32 * (size + 1)));
  const bitWeights = vectors.multiplyVectors(weightedBits(zz, outputs, curve), yDown);
  let state: Folding = {
    a: vectors.addVectors(bits, repeated(subtract(scalarOf(0), z), size)),
    b: vectors.addVectors(vectors.addVectors(complement, repeated(z, size)), bitWeights),
    g: repeated(scalarOf(1), size),
    h: repeated(scalarOf(1), size),
  };
  for (const [j, mask] of masks.entries()) {
    const weight = multiply(elementOf(yPowers, size + 1), elementOf(weights, j + 1));
    blinding = add(blinding, multiply(weight, mask));
  }

  const left: Uint8Array[] = [];
  const right: Uint8Array[] = [];
  for (let n = size / 2; n >= 1; n /= 2) {
    const [toLeft, toRight] = [fresh(), fresh()];
    const cross = crossTerms(state, generators, yPowers, n, curve);
    left.push(yield* sum(cross.left.terms, cross.left.product, toLeft));
    right.push(yield* sum(cross.right.terms, cross.right.product, toRight));
    const c = transcript.challenge(left.at(-1)!, right.at(-1)!);
    if (isZero(c)) return undefined;
    const inverse = invert(c);
    state = folded(state, c, inverse, elementOf(yPowers, n), curve);
    blinding = add(blinding, multiply(multiply(c, c), toLeft));
    blinding = add(blinding, multiply(multiply(inverse, inverse), toRight));
  }

  const [r, s, delta, eta] = [fresh(), fresh(), fresh(), fresh()];
  const mixed = add(multiply(multiply(r, y), state.b), multiply(multiply(s, y), state.a));
  const a1 = yield* sum(all(vectors.scaleVector(state.g, r), vectors.scaleVector(state.h, s)), mixed, delta);
  const b = yield* sum([], multiply(multiply(r, y), s), eta);
  const e = transcript.challenge(a1, b);
  if (isZero(e)) return undefined;
  const r1 = add(r, multiply(state.a, e));
  const s1 = add(s, multiply(state.b, e));
  const d1 = add(add(eta, multiply(delta, e)), multiply(blinding, multiply(e, e)));
  return { proof: { a, a1, b, r1, s1, d1, left, right }, commitments };
}

/** (Σ terms + amount·H + blind·G)/8, encoded; constant time. */
function* eighthOf(terms: readonly Terms[], amount: Scalar, blind: Scalar, curve: Curve): Steps<Uint8Array> {
  const { scalars } = curve;
  const sums = concat([...terms.map((part) => part.scalars), amount, blind]);
  const factors = scalars.scaleVector(sums, scalars.invert(scalarOf(8)));
  const points = [...terms.flatMap((part) => part.points), amountGenerator(curve), curve.base];
  const parts: Point[] = [];
  for (let from = 0; from < points.length; from += TERMS_OF_STEP) {
    const end = from + TERMS_OF_STEP;
    parts.push(curve.multiScalarSecret(factors.subarray(32 * from, 32 * end), points.slice(from, end)));
    yield;
  }
  const [only] = parts;
  return curve.encode(
    parts.length === 1 ? only! : curve.multiScalarSecret(repeated(scalarOf(1), parts.length), parts),
  );
}

/** The bits of all amounts, lowest first, as scalars 0 and 1; padding outputs are 0. */
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

/** The halves of a vector. */
const halves = (vector: ScalarVector): [ScalarVector, ScalarVector] => [
  vector.subarray(0, vector.length / 2),
  vector.subarray(vector.length / 2),
];

/** Start indices of the given half in every period of 2n original generators. */
const starts = (which: 0 | 1, n: number, size: number): number[] =>
  Array.from({ length: size / (2 * n) }, (_, period) => (2 * period + which) * n);

/** Scalars for one half of the folded generators, expanded to the original generators. */
function timesHalf(
  which: 0 | 1,
  values: ScalarVector,
  factors: ScalarVector,
  generators: readonly Point[],
  curve: Curve,
): Terms {
  const n = values.length / 32;
  const at = starts(which, n, generators.length);
  const entering = concat(at.map((start) => factors.subarray(32 * start, 32 * (start + n))));
  return {
    scalars: curve.scalars.multiplyVectors(concat(at.map(() => values)), entering),
    points: at.flatMap((start) => generators.slice(start, start + n)),
  };
}

/** Vector parts of L and R for halves of `n` elements: y^-n·a1·G2 + b2·H1 and y^n·a2·G1 + b1·H2. */
function crossTerms(
  state: Folding,
  generators: { readonly g: readonly Point[]; readonly h: readonly Point[] },
  yPowers: ScalarVector,
  n: number,
  curve: Curve,
) {
  const { invert, scaleVector, innerProduct, multiplyVectors } = curve.scalars;
  const [[a1, a2], [b1, b2], yn] = [halves(state.a), halves(state.b), elementOf(yPowers, n)];
  const [lowered, raised] = [scaleVector(a1, invert(yn)), scaleVector(a2, yn)];
  const weighted = (u: ScalarVector, v: ScalarVector) =>
    innerProduct(multiplyVectors(u, v), yPowers.subarray(32, 32 * (n + 1)));
  const onG = (which: 0 | 1, values: ScalarVector) => timesHalf(which, values, state.g, generators.g, curve);
  const onH = (which: 0 | 1, values: ScalarVector) => timesHalf(which, values, state.h, generators.h, curve);
  return {
    left: { terms: [onG(1, lowered), onH(0, b2)], product: weighted(a1, b2) },
    right: { terms: [onG(0, raised), onH(1, b1)], product: weighted(raised, b1) },
  };
}

/** Folds to half the length: G ← G1/c + c/y^n·G2, H ← c·H1 + H2/c, a ← c·a1 + y^n/c·a2, b ← b1/c + c·b2. */
function folded(state: Folding, c: Scalar, inverse: Scalar, yn: Scalar, curve: Curve): Folding {
  const { scaleVector, multiplyVectors, addVectors, multiply, invert } = curve.scalars;
  const n = state.a.length / 64;
  const [[a1, a2], [b1, b2]] = [halves(state.a), halves(state.b)];
  const alternating = (low: Scalar, high: Scalar) => {
    const period = concat([repeated(low, n), repeated(high, n)]);
    return concat(Array<ScalarVector>(state.g.length / period.length).fill(period));
  };
  return {
    a: addVectors(scaleVector(a1, c), scaleVector(a2, multiply(yn, inverse))),
    b: addVectors(scaleVector(b1, inverse), scaleVector(b2, c)),
    g: multiplyVectors(state.g, alternating(inverse, multiply(c, invert(yn)))),
    h: multiplyVectors(state.h, alternating(c, inverse)),
  };
}
