import { BitorchError, concat, equalBytes, utf8 } from '#base';
import type { Curve, Scalar } from '../curve.ts';
import { type RandomBytes, randomScalar, systemRandom } from '../random.ts';
import type { Address } from './account.ts';
import { decodeAll, pointOf } from './points.ts';

/**
 * Proves to a third party that a transaction paid an address: reveals the shared secret of sender and receiver, with a proof that
 * it is correct (Monero's TXPROOF_V2, a Schnorr proof of equal logarithms).
 */
export interface PaymentProof {
  /** r·A = a·R without the factor 8, see `sharedSecretOf`. */
  readonly sharedPoint: Uint8Array;
  readonly challenge: Scalar;
  readonly response: Scalar;
}

/** The payment that a proof is about. */
export interface PaymentClaim {
  readonly address: Address;
  /** R of the transaction, or of the output if each has its own. */
  readonly transactionKey: Uint8Array;
  /** 32 bytes that bind the proof to a transaction and to the verifier. */
  readonly message: Uint8Array;
}

const SEPARATOR = utf8('TXPROOF_V2');
const NO_POINT = new Uint8Array(32);

/** Statement: first = k·base and shared = k·second; base is G, or the spend key of a subaddress. */
interface EqualLogarithms {
  readonly first: Uint8Array;
  readonly second: Uint8Array;
  readonly base: Uint8Array | undefined;
  readonly message: Uint8Array;
}

/** The sender knows r: R = r·base, D = r·A. */
const sentStatement = ({ address, transactionKey, message }: PaymentClaim): EqualLogarithms => ({
  first: transactionKey,
  second: address.viewKey,
  base: address.subaddress ? address.spendKey : undefined,
  message,
});

/** The receiver knows a: A = a·base, D = a·R. */
const receivedStatement = ({ address, transactionKey, message }: PaymentClaim): EqualLogarithms => ({
  first: address.viewKey,
  second: transactionKey,
  base: address.subaddress ? address.spendKey : undefined,
  message,
});

function challengeOf(
  statement: EqualLogarithms,
  sharedPoint: Uint8Array,
  nonces: readonly Uint8Array[],
  curve: Curve,
): Scalar {
  const { first, second, base, message } = statement;
  const parts = [
    message,
    sharedPoint,
    ...nonces,
    curve.keccak256(SEPARATOR),
    first,
    second,
    base ?? NO_POINT,
  ];
  return curve.hashToScalar(concat(parts));
}

function prove(statement: EqualLogarithms, secret: Scalar, curve: Curve, random: RandomBytes): PaymentProof {
  if (statement.message.length !== 32) throw new BitorchError('PROOF_INVALID', 'the message is not 32 bytes');
  const second = pointOf(statement.second, 'key', curve);
  const base = statement.base && pointOf(statement.base, 'spend key', curve);
  const timesBase = (scalar: Scalar) =>
    base === undefined ? curve.multiplyBaseSecret(scalar) : curve.multiplySecret(scalar, base);
  if (!equalBytes(curve.encode(timesBase(secret)), statement.first)) {
    throw new BitorchError('PROOF_INVALID', 'the secret does not belong to this transaction or address');
  }
  const nonce = randomScalar(curve, random);
  const sharedPoint = curve.encode(curve.multiplySecret(secret, second));
  const nonces = curve.encodeAll([timesBase(nonce), curve.multiplySecret(nonce, second)]);
  const challenge = challengeOf(statement, sharedPoint, nonces, curve);
  const response = curve.scalars.subtract(nonce, curve.scalars.multiply(challenge, secret));
  return { sharedPoint, challenge, response };
}

function verify(statement: EqualLogarithms, proof: PaymentProof, curve: Curve): boolean {
  const { challenge, response, sharedPoint } = proof;
  if (statement.message.length !== 32 || ![challenge, response].every(curve.scalars.isCanonical))
    return false;
  const points = decodeAll([statement.first, statement.second, sharedPoint], curve);
  const base = statement.base === undefined ? curve.base : curve.decode(statement.base);
  if (points === undefined || base === undefined) return false;
  const [first, second, shared] = points;
  const scalars = concat([challenge, response]);
  const nonces = [curve.multiScalar(scalars, [first!, base]), curve.multiScalar(scalars, [shared!, second!])];
  return equalBytes(challengeOf(statement, sharedPoint, curve.encodeAll(nonces), curve), challenge);
}

/** The sender's proof, with the transaction secret r. Throws PROOF_INVALID when r does not belong to R. */
export function provePaymentSent(
  claim: PaymentClaim,
  txSecret: Scalar,
  curve: Curve,
  random: RandomBytes = systemRandom,
): PaymentProof {
  return prove(sentStatement(claim), txSecret, curve, random);
}

/** The receiver's proof, with the view secret a. Throws PROOF_INVALID when the address does not belong to it. */
export function provePaymentReceived(
  claim: PaymentClaim,
  viewSecret: Scalar,
  curve: Curve,
  random: RandomBytes = systemRandom,
): PaymentProof {
  return prove(receivedStatement(claim), viewSecret, curve, random);
}

/**
 * Whether a sender's proof reveals the true shared secret with an address. To find the amount, open the outputs with
 * `sharedSecretOf(proof)`.
 */
export function verifyPaymentSent(claim: PaymentClaim, proof: PaymentProof, curve: Curve): boolean {
  return verify(sentStatement(claim), proof, curve);
}

/** `verifyPaymentSent` for a receiver's proof. */
export function verifyPaymentReceived(claim: PaymentClaim, proof: PaymentProof, curve: Curve): boolean {
  return verify(receivedStatement(claim), proof, curve);
}

/** D = 8·(shared point), the input of `openAmount` and `recogniseOutput`; undefined when it is not a point. */
export function sharedSecretOf(proof: PaymentProof, curve: Curve): Uint8Array | undefined {
  const point = curve.decode(proof.sharedPoint);
  return point && curve.encode(curve.multiplyByCofactor(point));
}
