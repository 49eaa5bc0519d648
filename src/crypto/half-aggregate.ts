/**
 * Non-interactive half-aggregation of Ed25519 (Chalkias, Garillot, Kondi, Nikolaenko, "Non-interactive half-aggregation of
 * EdDSA and variants of Schnorr signatures", CT-RSA 2021, §5): anybody turns n signatures into n points and one scalar. It is
 * good exactly if each signature was, by the rule of `ed25519.ts`; single signatures cannot be taken out of it again.
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

/** A message that several keys have signed. */
export interface JointlySigned {
  readonly message: Uint8Array;
  /** In the order that they were aggregated in. */
  readonly publicKeys: readonly Uint8Array[];
  readonly aggregate: Aggregate;
}

/**
 * Makes one of signatures over the same message, which have to be verified before: a single bad one spoils it. Of one
 * signature it is that signature. The same signatures in the same order give the same bytes. Throws RangeError for none, and for
 * what is no signature by its form.
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
 * Whether every key has signed the message: 8·s·B = 8·Σ zᵢ·(Rᵢ + kᵢ·Aᵢ). Malformed input is simply false. Variable time:
 * everything in it is public.
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
 * zᵢ: each depends on every point, key and the message, in their order, so nobody can choose a signature that fits its own.
 * A single signature has nothing to be mixed with: its coefficient is 1.
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
