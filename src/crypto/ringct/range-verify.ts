import { concat } from '#base';
import { type Curve, type Point, type Scalar, type ScalarVector, scalarOf } from '../curve.ts';
import { type RandomBytes, systemRandom } from '../random.ts';
import { amountGenerator } from './commitment.ts';
import { decodeAll } from './points.ts';
import {
  BITS,
  elementOf,
  isZero,
  MAX_OUTPUTS,
  paddedOutputs,
  type RangeProof,
  RangeTranscript,
  rangeGenerators,
  repeated,
  roundsFor,
} from './range-transcript.ts';

/** A proof and the commitments it speaks of, divided by 8 as on the wire. */
export interface RangeClaim {
  readonly proof: RangeProof;
  readonly commitments: readonly Uint8Array[];
}

const LOG_BITS = Math.log2(BITS);

/** The challenges of one proof. */
interface Challenges {
  readonly y: Scalar;
  readonly z: Scalar;
  readonly rounds: readonly Scalar[];
  readonly e: Scalar;
}

function challengesOf({ proof, commitments }: RangeClaim, curve: Curve): Challenges | undefined {
  const transcript = new RangeTranscript(commitments, curve);
  const y = transcript.challenge(proof.a);
  const z = transcript.challenge();
  const rounds = proof.left.map((left, i) => transcript.challenge(left, proof.right[i]!));
  const e = transcript.challenge(proof.a1, proof.b);
  return [y, z, ...rounds, e].some(isZero) ? undefined : { y, z, rounds, e };
}

function isWellFormed({ proof, commitments }: RangeClaim, curve: Curve): boolean {
  const count = commitments.length;
  if (count === 0 || count > MAX_OUTPUTS) return false;
  const rounds = roundsFor(count);
  if (proof.left.length !== rounds || proof.right.length !== rounds) return false;
  return [proof.r1, proof.s1, proof.d1].every(curve.scalars.isCanonical);
}

/** One sum of scalar·point that is the identity when all proofs hold. */
class Equation {
  readonly #curve: Curve;
  #base: Scalar = scalarOf(0);
  #amount: Scalar = scalarOf(0);
  #g: ScalarVector;
  #h: ScalarVector;
  readonly #factors: Scalar[] = [];
  readonly #points: Point[] = [];
  readonly #size: number;

  /** `size`: pairs of generators that the largest proof needs. */
  constructor(size: number, curve: Curve) {
    this.#curve = curve;
    this.#size = size;
    this.#g = new Uint8Array(32 * size);
    this.#h = new Uint8Array(32 * size);
  }

  /** Adds one proof, weighted by the random `w`. `inverses`: 1/y, then one per round. */
  add(claim: RangeClaim, points: readonly Point[], at: Challenges, inverses: Scalar[], w: Scalar): void {
    const { scalars } = this.#curve;
    const { multiply, add, subtract } = scalars;
    const { proof, commitments } = claim;
    const outputs = paddedOutputs(commitments.length);
    const size = BITS * outputs;
    const { y, z, e } = at;
    const [yInverse, ...roundInverses] = inverses as [Scalar, ...Scalar[]];
    const we = multiply(w, e);
    const wee = multiply(we, e);
    const zz = multiply(z, z);
    const { power: yN, sum } = powerAndSum(y, size, this.#curve);
    const yN1 = multiply(yN, y);

    const squares = at.rounds.map((c) => multiply(c, c));
    const inverseSquares = roundInverses.map((c) => multiply(c, c));
    const zeros = scalarOf(0);
    const negative = (scalar: Scalar) => subtract(zeros, scalar);
    const weights = scalars.powers(zz, outputs + 1);
    const minusWee = negative(wee);
    this.#factors.push(
      ...[minusWee, negative(we), negative(w)],
      ...commitments.map((_, j) => multiply(multiply(minusWee, yN1), elementOf(weights, j + 1))),
      ...squares.map((square) => multiply(minusWee, square)),
      ...inverseSquares.map((square) => multiply(minusWee, square)),
    );
    this.#points.push(...points);

    this.#base = add(this.#base, multiply(w, proof.d1));
    // Σd = (2^64 − 1)·Σ z^(2j)
    let weightSum = zeros;
    for (let j = 1; j <= outputs; j++) weightSum = add(weightSum, elementOf(weights, j));
    const dSum = multiply(scalarOf(2n ** 64n - 1n), weightSum);
    const public_ = add(multiply(multiply(yN1, z), dSum), multiply(subtract(zz, z), sum));
    const product = multiply(multiply(proof.r1, y), proof.s1);
    this.#amount = add(this.#amount, add(multiply(w, product), multiply(wee, public_)));

    // Every factor of G_i and H_i is a product over the bits of i, so the vectors are built by doubling.
    const bits = squares.length;
    const yLifts = [yInverse];
    while (yLifts.length < bits) yLifts.unshift(multiply(yLifts[0]!, yLifts[0]!));
    const gStart = multiply(multiply(we, proof.r1), roundInverses.reduce(multiply));
    const hStart = multiply(multiply(we, proof.s1), at.rounds.reduce(multiply));
    const shift = multiply(wee, z);
    this.#g = this.#increase(this.#g, shift, [
      doubled(
        gStart,
        squares.map((square, i) => multiply(square, yLifts[i]!)),
        this.#curve,
      ),
    ]);
    this.#h = this.#increase(this.#h, negative(shift), [
      doubled(hStart, inverseSquares, this.#curve),
      doubledBits(negative(multiply(wee, yN)), zz, yLifts, this.#curve),
    ]);
  }

  holds(): boolean {
    const curve = this.#curve;
    const { g, h } = rangeGenerators(this.#size, curve);
    const sum = curve.multiScalar(
      concat([this.#g, this.#h, this.#amount, ...this.#factors]),
      [...g, ...h, amountGenerator(curve), ...this.#points],
      this.#base,
    );
    return curve.isIdentity(sum);
  }

  /** Adds to the head of `total` a scalar everywhere and some vectors of one length. */
  #increase(total: ScalarVector, everywhere: Scalar, by: readonly ScalarVector[]): ScalarVector {
    const { addVectors } = this.#curve.scalars;
    const count = by[0]!.length;
    const sum = by.reduce(addVectors, repeated(everywhere, count / 32));
    return concat([addVectors(total.subarray(0, count), sum), total.subarray(count)]);
  }
}

/** y^n and y + y² + … + y^n, for n a power of two. */
function powerAndSum(y: Scalar, n: number, curve: Curve): { power: Scalar; sum: Scalar } {
  const { multiply, add } = curve.scalars;
  let [power, sum] = [y, y];
  for (let length = 1; length < n; length *= 2) {
    sum = add(sum, multiply(sum, power));
    power = multiply(power, power);
  }
  return { power, sum };
}

/** For each index i: `start`, times lifts[r] where bit r of i, counted from its top bit, is set. */
function doubled(start: Scalar, lifts: readonly Scalar[], curve: Curve): ScalarVector {
  return lifts.reduceRight(
    (vector, lift) => concat([vector, curve.scalars.scaleVector(vector, lift)]),
    start as ScalarVector,
  );
}

/** start·d_i·y^-i for each i, where d_(64j + k) = z^(2(j + 1))·2^k. */
function doubledBits(start: Scalar, zz: Scalar, yLifts: readonly Scalar[], curve: Curve): ScalarVector {
  const { multiply } = curve.scalars;
  const lifts = yLifts
    .slice(-LOG_BITS)
    .map((lift, i) => multiply(lift, scalarOf(2n ** BigInt(2 ** (LOG_BITS - 1 - i)))));
  let block = doubled(multiply(start, zz), lifts, curve);
  const blocks = [block];
  const step = yLifts.length > LOG_BITS ? multiply(zz, yLifts.at(-LOG_BITS - 1)!) : zz;
  while (BITS * blocks.length < 2 ** yLifts.length) {
    block = curve.scalars.scaleVector(block, step);
    blocks.push(block);
  }
  return concat(blocks);
}

/** The points of a claim times 8, in the order of `Equation`'s factors; undefined when one does not decode. */
function pointsOf({ proof, commitments }: RangeClaim, curve: Curve): Point[] | undefined {
  const encoded = [proof.a, proof.a1, proof.b, ...commitments, ...proof.left, ...proof.right];
  return decodeAll(encoded, curve)?.map((point) => curve.multiplyByCofactor(point));
}

/**
 * Whether every claim holds: each commitment hides an amount below 2^64. One multi-scalar multiplication for all, each
 * proof weighted by 128 random bits: a false one passes with probability 2^-128. False for anything malformed. The
 * weights change what is computed, never the verdict on an honest batch.
 */
export function verifyRanges(
  claims: readonly RangeClaim[],
  curve: Curve,
  random: RandomBytes = systemRandom,
): boolean {
  if (claims.length === 0) return true;
  if (!claims.every((claim) => isWellFormed(claim, curve))) return false;
  const challenges: Challenges[] = [];
  for (const claim of claims) {
    const found = challengesOf(claim, curve);
    if (found === undefined) return false;
    challenges.push(found);
  }
  const inverted = curve.scalars.invertVector(concat(challenges.flatMap(({ y, rounds }) => [y, ...rounds])));
  const largest = Math.max(...claims.map((claim) => claim.commitments.length));
  const equation = new Equation(BITS * paddedOutputs(largest), curve);
  let at = 0;
  for (const [i, claim] of claims.entries()) {
    const points = pointsOf(claim, curve);
    if (points === undefined) return false;
    const found = challenges[i]!;
    const inverses = [found.y, ...found.rounds].map(() => elementOf(inverted, at++));
    equation.add(claim, points, found, inverses, randomWeight(curve, random));
  }
  return equation.holds();
}

/** 128 random bits, not all zero. */
function randomWeight(curve: Curve, random: RandomBytes): Scalar {
  for (;;) {
    const weight = curve.scalars.reduce(random(16));
    if (!isZero(weight)) return weight;
  }
}
