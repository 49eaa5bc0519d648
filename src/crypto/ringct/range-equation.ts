import { concat } from '#base';
import { type Curve, type Point, type Scalar, type ScalarVector, scalarOf } from '../curve.ts';
import {
  BITS,
  elementOf,
  FIXED_PAIRS,
  fixedGenerators,
  paddedOutputs,
  type RangeClaim,
  type RangeProof,
  rangeGenerators,
  repeated,
} from './range-transcript.ts';

const LOG_BITS = Math.log2(BITS);

/** The challenges of one proof. */
export interface Challenges {
  readonly y: Scalar;
  readonly z: Scalar;
  readonly rounds: readonly Scalar[];
  readonly e: Scalar;
}

/** The values of one proof that its terms depend on. */
interface Weighted extends Challenges, Pick<RangeProof, 'r1' | 's1' | 'd1'> {
  /** The weight w, w·e and w·e². */
  readonly w: Scalar;
  readonly we: Scalar;
  readonly wee: Scalar;
  readonly zz: Scalar;
  /** y^n and Σ y^i for i from 1 to n = 64·outputs. */
  readonly yN: Scalar;
  readonly ySum: Scalar;
  /** 1, z², z⁴, … */
  readonly zPowers: ScalarVector;
  /** 1/y, then one per round. */
  readonly inverses: readonly Scalar[];
  /** Number of commitments, and outputs of the circuit. */
  readonly count: number;
  readonly outputs: number;
}

/** A sum Σ scalar·point that is the identity if all proofs are valid. */
export class RangeEquation {
  readonly #curve: Curve;
  #base: Scalar = scalarOf(0);
  #amount: Scalar = scalarOf(0);
  #g: ScalarVector;
  #h: ScalarVector;
  readonly #factors: Scalar[] = [];
  readonly #points: Point[] = [];
  readonly #size: number;

  /** @param size generator pairs that the largest proof needs */
  constructor(size: number, curve: Curve) {
    this.#curve = curve;
    this.#size = Math.max(size, FIXED_PAIRS);
    this.#g = new Uint8Array(32 * this.#size);
    this.#h = new Uint8Array(32 * this.#size);
  }

  /** Adds a proof, weighted by the random `w`. `inverses`: 1/y, then one per round. */
  add(
    claim: RangeClaim,
    points: readonly Point[],
    at: Challenges,
    inverses: readonly Scalar[],
    w: Scalar,
  ): void {
    const { multiply } = this.#curve.scalars;
    const outputs = paddedOutputs(claim.commitments.length);
    const we = multiply(w, at.e);
    const zz = multiply(at.z, at.z);
    const proof: Weighted = {
      ...at,
      ...claim.proof,
      ...powerAndSum(at.y, BITS * outputs, this.#curve),
      w,
      we,
      wee: multiply(we, at.e),
      zz,
      zPowers: this.#curve.scalars.powers(zz, outputs + 1),
      inverses,
      count: claim.commitments.length,
      outputs,
    };
    this.#addPoints(proof, points);
    this.#addFixed(proof);
    this.#addGenerators(proof);
  }

  #negative(scalar: Scalar): Scalar {
    return this.#curve.scalars.subtract(scalarOf(0), scalar);
  }

  /** A: −we², A1: −we, B: −w, V_j: −we²·y^(n+1)·z^2(j+1), L_j: −we²·c_j², R_j: −we²/c_j². */
  #addPoints(
    { w, we, wee, y, yN, count, zPowers, rounds, inverses }: Weighted,
    points: readonly Point[],
  ): void {
    const { multiply } = this.#curve.scalars;
    const minus = this.#negative(wee);
    const onCommitments = multiply(multiply(minus, yN), y);
    const squared = (c: Scalar) => multiply(minus, multiply(c, c));
    this.#factors.push(minus, this.#negative(we), this.#negative(w));
    for (let j = 1; j <= count; j++) this.#factors.push(multiply(onCommitments, elementOf(zPowers, j)));
    this.#factors.push(...rounds.map(squared), ...inverses.slice(1).map(squared));
    this.#points.push(...points);
  }

  /** G: w·d1, H: w·r1·y·s1 + we²(y^(n+1)·z·Σd + (z² − z)·Σy^i), where Σd = (2^64 − 1)·Σz^2(j+1). */
  #addFixed({ w, wee, y, z, zz, yN, ySum, outputs, zPowers, r1, s1, d1 }: Weighted): void {
    const { multiply, add, subtract } = this.#curve.scalars;
    let zSum = scalarOf(0);
    for (let j = 1; j <= outputs; j++) zSum = add(zSum, elementOf(zPowers, j));
    const dSum = multiply(scalarOf(2n ** 64n - 1n), zSum);
    const shown = add(multiply(multiply(multiply(yN, y), z), dSum), multiply(subtract(zz, z), ySum));
    const product = multiply(multiply(r1, y), s1);
    this.#base = add(this.#base, multiply(w, d1));
    this.#amount = add(this.#amount, add(multiply(w, product), multiply(wee, shown)));
  }

  /**
   * G_i: w·e·r1·y^-i·u_i + we²·z, H_i: w·e·s1/u_i − we²·z − we²·y^(n−i)·d_i, u_i the product of c_j or 1/c_j by the
   * bits of i. Every factor is a product over the bits of i, so the vectors are built by doubling.
   */
  #addGenerators({ we, wee, z, zz, yN, rounds, inverses, r1, s1 }: Weighted): void {
    const { multiply } = this.#curve.scalars;
    const [yInverse, ...roundInverses] = inverses as [Scalar, ...Scalar[]];
    const yLifts = [yInverse];
    while (yLifts.length < rounds.length) yLifts.unshift(multiply(yLifts[0]!, yLifts[0]!));
    const gStart = multiply(multiply(we, r1), roundInverses.reduce(multiply));
    const gLifts = rounds.map((c, i) => multiply(multiply(c, c), yLifts[i]!));
    const hStart = multiply(multiply(we, s1), rounds.reduce(multiply));
    const hLifts = roundInverses.map((c) => multiply(c, c));
    const shift = multiply(wee, z);
    this.#g = this.#increase(this.#g, shift, [doubled(gStart, gLifts, this.#curve)]);
    this.#h = this.#increase(this.#h, this.#negative(shift), [
      doubled(hStart, hLifts, this.#curve),
      doubledBits(this.#negative(multiply(wee, yN)), zz, yLifts, this.#curve),
    ]);
  }

  holds(): boolean {
    const curve = this.#curve;
    const { g, h } = rangeGenerators(this.#size, curve);
    const fixed = 32 * FIXED_PAIRS;
    const sum = curve.multiScalar(
      concat([this.#g.subarray(fixed), this.#h.subarray(fixed), ...this.#factors]),
      [...g.slice(FIXED_PAIRS), ...h.slice(FIXED_PAIRS), ...this.#points],
      concat([this.#base, this.#amount, this.#g.subarray(0, fixed), this.#h.subarray(0, fixed)]),
      fixedGenerators(curve),
    );
    return curve.isIdentity(sum);
  }

  /** Adds a scalar to each element, and vectors of equal length, to the head of `total`. */
  #increase(total: ScalarVector, everywhere: Scalar, by: readonly ScalarVector[]): ScalarVector {
    const { addVectors } = this.#curve.scalars;
    const count = by[0]!.length;
    const sum = by.reduce(addVectors, repeated(everywhere, count / 32));
    return concat([addVectors(total.subarray(0, count), sum), total.subarray(count)]);
  }
}

/** y^n and y + y² + … + y^n, for n a power of two. */
function powerAndSum(y: Scalar, n: number, curve: Curve): { yN: Scalar; ySum: Scalar } {
  const { multiply, add } = curve.scalars;
  let [yN, ySum] = [y, y];
  for (let length = 1; length < n; length *= 2) {
    ySum = add(ySum, multiply(ySum, yN));
    yN = multiply(yN, yN);
  }
  return { yN, ySum };
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
