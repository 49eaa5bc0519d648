/**
 * Ed25519 verification by the rules of ZIP-215. Implementations that differ on the edge cases of RFC 8032 (points of small
 * order, non-canonical encodings) would split a chain. Batch and single verification agree on every input.
 */
import { hash } from 'node:crypto';
import { concat, sha256 } from '#base';
import { type Curve, POINT_BYTES, type Point, SCALAR_BYTES, type Scalar } from './curve.ts';

export interface SignedBytes {
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** A decoded signature: valid if 8·s·G = 8·R + 8·k·A. */
interface Equation {
  readonly s: Scalar;
  readonly k: Scalar;
  readonly R: Point;
  readonly A: Point;
}

const WEIGHT_BYTES = 16;

/** Whether the signature is valid; false for malformed input. Variable time: all inputs are public. */
export const isSignature = (curve: Curve, signed: SignedBytes): boolean => {
  const equation = equationOf(curve, signed);
  if (!equation) return false;
  const { scalars } = curve;
  const { s, k, R, A } = equation;
  const one = oneOf(SCALAR_BYTES);
  const sum = curve.multiScalar(concat([one, k]), [R, A], scalars.subtract(new Uint8Array(SCALAR_BYTES), s));
  return curve.isIdentity(curve.multiplyByCofactor(sum));
};

/**
 * Whether all signatures are valid, at about a third of the cost of single checks: sums their equations with 128-bit weights
 * that depend on all of them (Bernstein et al., "High-speed high-security signatures", §5).
 */
export function areSignatures(curve: Curve, batch: readonly SignedBytes[]): boolean {
  if (batch.length < 2) return batch.every((signed) => isSignature(curve, signed));
  const equations: Equation[] = [];
  for (const signed of batch) {
    const equation = equationOf(curve, signed);
    if (!equation) return false;
    equations.push(equation);
  }
  const { scalars } = curve;
  const weights = weightsOf(batch, equations);
  const challenges = scalars.multiplyVectors(weights, concat(equations.map(({ k }) => k)));
  const s = scalars.innerProduct(weights, concat(equations.map((one) => one.s)));
  const points = [...equations.map(({ R }) => R), ...equations.map(({ A }) => A)];
  const negative = scalars.subtract(new Uint8Array(SCALAR_BYTES), s);
  const sum = curve.multiScalar(concat([weights, challenges]), points, negative);
  return curve.isIdentity(curve.multiplyByCofactor(sum));
}

function equationOf(curve: Curve, { message, signature, publicKey }: SignedBytes): Equation | undefined {
  if (signature.length !== POINT_BYTES + SCALAR_BYTES || publicKey.length !== POINT_BYTES) return undefined;
  const [r, s] = [signature.subarray(0, POINT_BYTES), signature.slice(POINT_BYTES)];
  if (!curve.scalars.isCanonical(s)) return undefined;
  const R = curve.decode(usualSpelling(r));
  const A = curve.decode(usualSpelling(publicKey));
  if (!R || !A) return undefined;
  // Over the bytes as they came, not as they are usually spelled.
  const digest = hash('sha512', concat([r, publicKey, message]), 'buffer');
  return { s, k: curve.scalars.reduce(new Uint8Array(digest)), R, A };
}

/** Weights that depend on all signatures, so that nobody can choose a signature to fit its weight. */
function weightsOf(batch: readonly SignedBytes[], equations: readonly Equation[]): Uint8Array {
  const seed = sha256(...batch.flatMap(({ signature }, i) => [signature, equations[i]!.k]));
  const weights = new Uint8Array(SCALAR_BYTES * batch.length);
  const counter = new Uint8Array(4);
  for (let i = 0; i < batch.length; i++) {
    new DataView(counter.buffer).setUint32(0, i);
    weights.set(sha256(seed, counter).subarray(0, WEIGHT_BYTES), SCALAR_BYTES * i);
  }
  return weights;
}

function oneOf(length: number): Uint8Array {
  const one = new Uint8Array(length);
  one[0] = 1;
  return one;
}

/**
 * The canonical encoding of a point that ZIP-215 accepts: y below p = 2^255 − 19, and no sign bit when x = 0. Only points
 * encoded with y from p to p + 18, or with y = ±1, have another encoding.
 */
export function usualSpelling(encoded: Uint8Array): Uint8Array {
  const last = encoded[POINT_BYTES - 1]! & 0x7f;
  const isTop = last === 0x7f && encoded.subarray(1, POINT_BYTES - 1).every((byte) => byte === 0xff);
  const bytes = encoded.slice();
  if (isTop && encoded[0]! >= 0xed) {
    bytes.fill(0, 1, POINT_BYTES - 1);
    bytes[0] = encoded[0]! - 0xed;
    bytes[POINT_BYTES - 1] = encoded[POINT_BYTES - 1]! & 0x80;
  }
  const isMinusOne = isTop && encoded[0] === 0xec;
  const isOne =
    bytes[0] === 1 &&
    (bytes[POINT_BYTES - 1]! & 0x7f) === 0 &&
    bytes.subarray(1, POINT_BYTES - 1).every((byte) => byte === 0);
  if (isMinusOne || isOne) bytes[POINT_BYTES - 1]! &= 0x7f;
  return bytes;
}
