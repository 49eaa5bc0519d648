import { BitorchError, concat, equalBytes } from '#base';
import { type Curve, type Point, SCALAR_BYTES, type Scalar } from '../curve.ts';
import { type RandomBytes, randomScalar, systemRandom } from '../random.ts';
import { padded32 } from './bytes.ts';
import { decodeAll, pointOf } from './points.ts';

/** CLSAG: linkable ring signatures (Goodell, Noether, RandomRun, eprint 2019/654), as Monero computes them. */

const MAX_RING = 64;

/** A ring member, a possible source of the money: one-time key P and commitment C, both of prime order. */
export interface RingMember {
  readonly key: Uint8Array;
  readonly commitment: Uint8Array;
}

export interface ClsagStatement {
  readonly ring: readonly RingMember[];
  /** Commitment to the amount of the real member with another mask. Of prime order. */
  readonly pseudoOut: Uint8Array;
  /** 32 bytes: hash of everything that the signature covers. */
  readonly message: Uint8Array;
}

export interface ClsagWitness {
  /** Position of the real member. */
  readonly index: number;
  /** x with P = x·G. */
  readonly secret: Scalar;
  /** mask of the real member − mask of pseudoOut. */
  readonly maskDifference: Scalar;
}

export interface ClsagSignature {
  /** One per member. */
  readonly scalars: readonly Scalar[];
  readonly challenge: Scalar;
  /** D/8, D = maskDifference·Hp(P): the auxiliary key image. */
  readonly commitmentImage: Uint8Array;
}

const AGGREGATE_KEY = padded32('CLSAG_agg_0');
const AGGREGATE_COMMITMENT = padded32('CLSAG_agg_1');
const ROUND = padded32('CLSAG_round');
const ZERO = new Uint8Array(SCALAR_BYTES);

/** Values that are the same for every member of the ring. */
interface Circle {
  readonly keys: readonly Point[];
  /** Hp(P_i). */
  readonly hashed: readonly Point[];
  /** C_i − pseudoOut. */
  readonly differences: readonly Point[];
  readonly keyWeight: Scalar;
  readonly commitmentWeight: Scalar;
  /** keyWeight·I + commitmentWeight·D. */
  readonly image: Point;
  readonly roundPrefix: Uint8Array;
}

function circleOf(
  { ring, pseudoOut, message }: ClsagStatement,
  keyImage: { bytes: Uint8Array; point: Point },
  commitmentImage: { bytes: Uint8Array; point: Point },
  curve: Curve,
): Circle | undefined {
  const keys = ring.map((member) => member.key);
  const commitments = ring.map((member) => member.commitment);
  const points = decodeAll([...keys, ...commitments, pseudoOut], curve);
  if (points === undefined) return undefined;
  const n = ring.length;
  const offset = points[2 * n]!;
  const members = concat([...keys, ...commitments]);
  const tail = concat([members, keyImage.bytes, commitmentImage.bytes, pseudoOut]);
  const keyWeight = curve.hashToScalar(AGGREGATE_KEY, tail);
  const commitmentWeight = curve.hashToScalar(AGGREGATE_COMMITMENT, tail);
  return {
    keys: points.slice(0, n),
    hashed: curve.hashToPoints(keys),
    differences: points.slice(n, 2 * n).map((commitment) => curve.subtract(commitment, offset)),
    keyWeight,
    commitmentWeight,
    image: curve.multiScalar(concat([keyWeight, commitmentWeight]), [keyImage.point, commitmentImage.point]),
    roundPrefix: concat([ROUND, members, pseudoOut, message]),
  };
}

/** The challenge after member `i`: Hs(round ‖ s·G + c(μP·P + μC·(C − C')) ‖ s·Hp(P) + c(μP·I + μC·D)). */
function step(circle: Circle, i: number, s: Scalar, c: Scalar, curve: Curve): Scalar {
  const { multiply } = curve.scalars;
  const weights = concat([multiply(c, circle.keyWeight), multiply(c, circle.commitmentWeight)]);
  const left = curve.multiScalar(weights, [circle.keys[i]!, circle.differences[i]!], s);
  const right = curve.multiScalar(concat([s, c]), [circle.hashed[i]!, circle.image]);
  return curve.hashToScalar(circle.roundPrefix, ...curve.encodeAll([left, right]));
}

/**
 * Whether the signer knows the secret of a ring member that commits to the amount of pseudoOut. False for malformed input: a ring
 * with 0 or more than 64 members, points that do not decode, scalars ≥ l, a key image that is the identity or not of prime
 * order, D = 0.
 */
export function verifyClsag(
  statement: ClsagStatement,
  signature: ClsagSignature,
  keyImage: Uint8Array,
  curve: Curve,
): boolean {
  const { ring, message } = statement;
  const { scalars, challenge } = signature;
  if (ring.length === 0 || ring.length > MAX_RING || scalars.length !== ring.length) return false;
  if (message.length !== 32 || ![...scalars, challenge].every(curve.scalars.isCanonical)) return false;
  const image = curve.decode(keyImage);
  const auxiliary = curve.decode(signature.commitmentImage);
  if (image === undefined || curve.isIdentity(image) || !curve.isTorsionFree(image)) return false;
  if (auxiliary === undefined) return false;
  const commitmentImage = curve.multiplyByCofactor(auxiliary);
  if (curve.isIdentity(commitmentImage)) return false;
  const circle = circleOf(
    statement,
    { bytes: keyImage, point: image },
    { bytes: signature.commitmentImage, point: commitmentImage },
    curve,
  );
  if (circle === undefined) return false;
  let c = challenge;
  for (let i = 0; i < ring.length; i++) {
    if (equalBytes(c, ZERO)) return false;
    c = step(circle, i, scalars[i]!, c, curve);
  }
  return equalBytes(c, challenge);
}

/**
 * Signs. Throws CLSAG_WITNESS_INVALID when the witness does not match the statement, or POINT_INVALID when a commitment of the
 * ring is not a point. The order of operations reveals `index` to an observer inside this process (docs/threat-model.md), but
 * does not depend on the secrets.
 */
export function signClsag(
  statement: ClsagStatement,
  witness: ClsagWitness,
  curve: Curve,
  random: RandomBytes = systemRandom,
): { signature: ClsagSignature; keyImage: Uint8Array } {
  const { ring } = statement;
  const { index, secret, maskDifference } = witness;
  checkWitness(statement, witness, curve);
  const { scalars } = curve;
  const hashed = curve.hashToPoint(ring[index]!.key);
  const image = curve.multiplySecret(secret, hashed);
  const auxiliary = curve.multiplySecret(maskDifference, hashed);
  const [keyImage, commitmentImage] = curve.encodeAll([image, curve.divideByCofactor(auxiliary)]);
  const circle = circleOf(
    statement,
    { bytes: keyImage!, point: image },
    { bytes: commitmentImage!, point: auxiliary },
    curve,
  );
  if (circle === undefined)
    throw new BitorchError('POINT_INVALID', 'a commitment of the ring is not a point');

  const nonce = randomScalar(curve, random);
  const start = [curve.multiplyBaseSecret(nonce), curve.multiplySecret(nonce, hashed)];
  let c = curve.hashToScalar(circle.roundPrefix, ...curve.encodeAll(start));
  const responses: Scalar[] = ring.map(() => randomScalar(curve, random));
  let challenge = c;
  for (let k = 1; k < ring.length; k++) {
    const i = (index + k) % ring.length;
    if (i === 0) challenge = c;
    c = step(circle, i, responses[i]!, c, curve);
  }
  if (index === 0) challenge = c;
  const known = scalars.add(
    scalars.multiply(circle.keyWeight, secret),
    scalars.multiply(circle.commitmentWeight, maskDifference),
  );
  responses[index] = scalars.subtract(nonce, scalars.multiply(c, known));
  return {
    signature: { scalars: responses, challenge, commitmentImage: commitmentImage! },
    keyImage: keyImage!,
  };
}

function checkWitness(
  { ring, pseudoOut, message }: ClsagStatement,
  witness: ClsagWitness,
  curve: Curve,
): void {
  const member = ring[witness.index];
  if (member === undefined || ring.length > MAX_RING)
    throw refusal('the ring has no member at this index, or too many members');
  if (message.length !== 32) throw refusal('the message is not 32 bytes');
  if (equalBytes(witness.maskDifference, ZERO))
    throw refusal('the pseudo-output has the same mask as the ring member');
  const key = curve.multiplyBaseSecret(witness.secret);
  if (!equalBytes(curve.encode(key), member.key)) throw refusal('the secret is not that of the ring member');
  const difference = curve.subtract(
    pointOf(member.commitment, 'commitment', curve),
    pointOf(pseudoOut, 'pseudo-output', curve),
  );
  if (!curve.equal(curve.multiplyBaseSecret(witness.maskDifference), difference)) {
    throw refusal('the pseudo-output does not commit to the amount of the ring member');
  }
}

const refusal = (why: string) => new BitorchError('CLSAG_WITNESS_INVALID', `cannot sign: ${why}`);
