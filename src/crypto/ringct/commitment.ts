import { BitorchError, fromHex } from '#base';
import { type Curve, type Point, type Scalar, scalarOf } from '../curve.ts';
import { decodeAll, pointOf } from './points.ts';

/** Checks the range of an amount: 0 ≤ amount < 2^64 sparks. Throws AMOUNT_INVALID. */
const AMOUNT_LIMIT = 2n ** 64n;

const ENCODED_H = fromHex('8b655970153799af2aeadc9ff1add0ea6c7251d54154cfa92c173a0dd39c1f94');
const decodedH = new WeakMap<Curve, Point>();

/** H, the generator of amounts, 8·keccak(G) decoded as a point, so nobody knows its logarithm to G. */
export function amountGenerator(curve: Curve): Point {
  let point = decodedH.get(curve);
  if (point === undefined) {
    point = pointOf(ENCODED_H, 'amount generator', curve);
    decodedH.set(curve, point);
  }
  return point;
}

export function checkAmount(amount: bigint): void {
  if (amount >= 0n && amount < AMOUNT_LIMIT) return;
  throw new BitorchError('AMOUNT_INVALID', `an amount must be at least 0 and below 2^64, not ${amount}`);
}

/** Pedersen commitment mask·G + amount·H (T. P. Pedersen, CRYPTO '91), encoded. Both arguments may be secret. */
export function commit(amount: bigint, mask: Scalar, curve: Curve): Uint8Array {
  checkAmount(amount);
  const hidden = curve.multiplySecret(scalarOf(amount), amountGenerator(curve));
  return curve.encode(curve.add(curve.multiplyBaseSecret(mask), hidden));
}

/** G + amount·H: a commitment to a public amount, with mask 1. */
export function commitPublic(amount: bigint, curve: Curve): Uint8Array {
  checkAmount(amount);
  return curve.encode(curve.multiScalar(scalarOf(amount), [amountGenerator(curve)], scalarOf(1)));
}

/**
 * Whether Σ pseudoOuts = Σ outputs + publicAmount·H, so that no money is created or lost. `publicAmount`, in sparks, is fee +
 * public outputs − public inputs and may be negative. False when a commitment does not decode.
 */
export function commitmentsBalance(
  pseudoOuts: readonly Uint8Array[],
  outputs: readonly Uint8Array[],
  publicAmount: bigint,
  curve: Curve,
): boolean {
  const [ins, outs] = [decodeAll(pseudoOuts, curve), decodeAll(outputs, curve)];
  if (ins === undefined || outs === undefined) return false;
  const sum = (points: Point[]) => points.reduce((total, point) => curve.add(total, point), curve.identity);
  const open = curve.multiScalar(scalarOf(publicAmount), [amountGenerator(curve)]);
  return curve.equal(sum(ins), curve.add(sum(outs), open));
}
