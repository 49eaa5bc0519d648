/**
 * Non-interactive half-aggregation of Ed25519 (Chalkias, Garillot, Kondi, Nikolaenko, "Non-interactive half-aggregation of
 * EdDSA and variants of Schnorr signatures", CT-RSA 2021, §5): anybody can compress n signatures into n points and one scalar.
 * The aggregate is valid if and only if each signature is, by the rules of `ed25519.ts`; it cannot be split up again.
 */
import { hash } from 'node:crypto';
import { concat, utf8 } from '#base';
import { type Curve, POINT_BYTES, type Point, SCALAR_BYTES, type ScalarVector } from './curve.ts';
import { usualSpelling } from './ed25519.ts';

export interface Aggregate {
  /** The first half R of each signature, 32 bytes each, in the order of the keys. */
  readonly nonces: readonly Uint8Array[];
  /** Σ coefficient·s, below the group order: 32 bytes. */
  readonly scalar: Uint8Array;
}

/** Signatures of several keys over one message. */
interface JointlySigned {
  readonly message: Uint8Array;
  /** In the order of aggregation. */
  readonly publicKeys: readonly Uint8Array[];
  readonly aggregate: Aggregate;
}

/**
 * Aggregates signatures over the same message. Verify them first: a single invalid one makes the aggregate invalid. The aggregate
 * of one signature is that signature. Deterministic for the same signatures in the same order. Throws RangeError when there is
 * no signature or one is malformed.
 */
export function aggregateSignatures(
  curve: Curve,
  message: Uint8Array,
  signed: readonly { readonly publicKey: Uint8Array; readonly signature: Uint8Array }[],
): Aggregate {
  const scalars = signed.map(({ signature }) => signature.subarray(POINT_BYTES));
  if (signed.length === 0 || !scalars.every((s) => curve.scalars.isCanonical(s)))
    throw new RangeError('aggregateSignatures: no signatures, or a malformed one');
  const nonces = signed.map(({ signature }) => signature.slice(0, POINT_BYTES));
  const publicKeys = signed.map(({ publicKey }) => publicKey);
  const coefficients = coefficientsOf(curve, message, publicKeys, nonces);
  return { nonces, scalar: curve.scalars.innerProduct(coefficients, concat(scalars)) };
}

/**
 * Whether every key has signed the message: 8·s·B = 8·Σ zᵢ·(Rᵢ + kᵢ·Aᵢ). False for malformed input. Variable time: all inputs
 * are public.
 */
export function isAggregate(curve: Curve, { message, publicKeys, aggregate }: JointlySigned): boolean {
  const { nonces, scalar } = aggregate;
  const { scalars } = curve;
  if (nonces.length === 0 || nonces.length !== publicKeys.length || !scalars.isCanonical(scalar))
    return false;
  const encoded = [...nonces, ...publicKeys];
  if (!encoded.every(({ length }) => length === POINT_BYTES)) return false;
  const points = curve.decodeAll(encoded.map(usualSpelling));
  if (!points.every((point): point is Point => point !== undefined)) return false;
  const coefficients = coefficientsOf(curve, message, publicKeys, nonces);
  // Over the bytes as they came, not as they are usually spelled.
  const challenges = nonces.map((R, i) => scalars.reduce(sha512(R, publicKeys[i]!, message)));
  const ofKeys = scalars.multiplyVectors(coefficients, concat(challenges));
  const negative = scalars.subtract(new Uint8Array(SCALAR_BYTES), scalar);
  const sum = curve.multiScalar(concat([coefficients, ofKeys]), points, negative);
  return curve.isIdentity(curve.multiplyByCofactor(sum));
}

const DOMAIN = utf8('bitorch/half-aggregate/v1\0');
const ONE = Uint8Array.from({ length: SCALAR_BYTES }, (_, i) => (i === 0 ? 1 : 0));

/**
 * Coefficients zᵢ. Each depends on all points, all keys and the message, in order, so nobody can choose a signature to fit its
 * own coefficient. The coefficient of a single signature is 1.
 */
function coefficientsOf(
  curve: Curve,
  message: Uint8Array,
  publicKeys: readonly Uint8Array[],
  nonces: readonly Uint8Array[],
): ScalarVector {
  const count = nonces.length;
  if (count === 1) return ONE;
  const pairs = nonces.flatMap((R, i) => [R, publicKeys[i]!]);
  const seed = sha512(DOMAIN, u32(count), ...pairs, message);
  return concat(nonces.map((_, i) => curve.scalars.reduce(sha512(seed, u32(i)))));
}

const sha512 = (...parts: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(hash('sha512', concat(parts), 'buffer'));

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
