import { concat, utf8 } from '#base';
import {
  type Curve,
  type FixedPoints,
  type Point,
  type Scalar,
  type ScalarVector,
  scalarOf,
} from '../curve.ts';
import { varint } from './bytes.ts';
import { amountGenerator } from './commitment.ts';

/** Bits of an amount. */
export const BITS = 64;
/** Maximum outputs of one proof. */
export const MAX_OUTPUTS = 16;

/** An aggregated Bulletproof+ (Chung, Han, Ju, Kim, Seo, eprint 2020/735); all points divided by 8 as on the wire. */
export interface RangeProof {
  readonly a: Uint8Array;
  readonly a1: Uint8Array;
  readonly b: Uint8Array;
  readonly r1: Scalar;
  readonly s1: Scalar;
  readonly d1: Scalar;
  /** L and R of each round: 6 + log2 of the padded number of outputs. */
  readonly left: readonly Uint8Array[];
  readonly right: readonly Uint8Array[];
}

/** A proof and its commitments, divided by 8 as on the wire. */
export interface RangeClaim {
  readonly proof: RangeProof;
  readonly commitments: readonly Uint8Array[];
}

/** Outputs of the circuit: `count` rounded up to a power of two. */
export const paddedOutputs = (outputs: number): number => 2 ** Math.ceil(Math.log2(outputs));

/** Halving rounds of a proof for this many outputs. */
export const roundsFor = (outputs: number): number => Math.log2(BITS * paddedOutputs(outputs));

/** The independent generators G_i and H_i, one pair for each bit of each output. */
interface RangeGenerators {
  readonly g: readonly Point[];
  readonly h: readonly Point[];
}

const DOMAIN = utf8('bulletproof_plus');
const made = new WeakMap<Curve, { g: Point[]; h: Point[] }>();

function generator(curve: Curve, n: number): Point {
  const amounts = curve.encode(amountGenerator(curve));
  return curve.hashToPoint(curve.keccak256(concat([amounts, DOMAIN, varint(n)])));
}

/** The first `count` pairs: H_i = Hp(keccak(H ‖ "bulletproof_plus" ‖ 2i)), G_i likewise with 2i + 1. */
export function rangeGenerators(count: number, curve: Curve): RangeGenerators {
  const known = made.get(curve) ?? { g: [], h: [] };
  made.set(curve, known);
  for (let i = known.g.length; i < count; i++) {
    known.h.push(generator(curve, 2 * i));
    known.g.push(generator(curve, 2 * i + 1));
  }
  return { g: known.g.slice(0, count), h: known.h.slice(0, count) };
}

/** Pairs of generators with precomputed tables: enough for proofs of two outputs. */
export const FIXED_PAIRS = 2 * BITS;
const fixed = new WeakMap<Curve, FixedPoints>();

/** Fixed points: G, H, then G_i and then H_i of the first pairs. */
export function fixedGenerators(curve: Curve): FixedPoints {
  let points = fixed.get(curve);
  if (points === undefined) {
    const { g, h } = rangeGenerators(FIXED_PAIRS, curve);
    points = curve.fixPoints([curve.base, amountGenerator(curve), ...g, ...h]);
    fixed.set(curve, points);
  }
  return points;
}

const starts = new WeakMap<Curve, Uint8Array>();

/** Initial state of every transcript. */
function startOf(curve: Curve): Uint8Array {
  let start = starts.get(curve);
  if (start === undefined) {
    start = curve.encode(curve.hashToPoint(curve.keccak256(utf8('bulletproof_plus_transcript'))));
    starts.set(curve, start);
  }
  return start;
}

/** The challenges of a proof: each hashes the previous one and the points sent since. */
export class RangeTranscript {
  readonly #curve: Curve;
  #state: Uint8Array;

  /** `commitments` divided by 8. */
  constructor(commitments: readonly Uint8Array[], curve: Curve) {
    this.#curve = curve;
    this.#state = curve.hashToScalar(startOf(curve), curve.hashToScalar(...commitments));
  }

  challenge(...sent: readonly Uint8Array[]): Scalar {
    this.#state = this.#curve.hashToScalar(this.#state, ...sent);
    return this.#state;
  }
}

/** The vector d: for each output j the powers of two times z^(2(j+1)). */
export function weightedBits(zSquared: Scalar, outputs: number, curve: Curve): ScalarVector {
  const { scalars } = curve;
  const twos = scalars.powers(scalarOf(2), BITS);
  const weights = scalars.powers(zSquared, outputs + 1);
  const blocks = Array.from({ length: outputs }, (_, j) =>
    scalars.scaleVector(twos, elementOf(weights, j + 1)),
  );
  return concat(blocks);
}

/** The `i`-th scalar of a vector. */
export const elementOf = (vector: ScalarVector, i: number): Scalar => vector.subarray(32 * i, 32 * i + 32);

/** A vector of `count` equal scalars. */
export function repeated(scalar: Scalar, count: number): ScalarVector {
  const vector = new Uint8Array(32 * count);
  for (let i = 0; i < count; i++) vector.set(scalar, 32 * i);
  return vector;
}

export const isZero = (scalar: Scalar): boolean => scalar.every((byte) => byte === 0);
