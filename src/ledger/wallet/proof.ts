import { concat, equalBytes, toHex } from '#base';
import {
  type Account,
  type Address,
  type Curve,
  fromLittleEndian,
  openAmount,
  type PaymentClaim,
  provePaymentReceived,
  provePaymentSent,
  recogniseOutput,
  sharedSecretOf,
  verifyPaymentReceived,
  verifyPaymentSent,
} from '#crypto';
import { key } from '../accounts/shapes.ts';
import { byteOf, type Decoded, struct } from '../codec/index.ts';
import type { OutputRecord } from '../state/buckets.ts';
import { rulesFor } from '../state/minting.ts';
import type { Payment } from './contents.ts';

/** Shows a third party that an output paid an address, and how much: by its sender (0) or by its receiver (1). */
export const paymentEvidenceCodec = struct({
  by: byteOf(0, 1),
  /** P, the one-time key of the output. */
  key,
  sharedPoint: key,
  challenge: key,
  response: key,
});

export type PaymentEvidence = Decoded<typeof paymentEvidenceCodec>;

/** The proof is bound to the output and to words of whoever asks for it, so that nobody can pass it on as his own. */
function claimOf(
  address: Address,
  output: { key: Uint8Array; txKey: Uint8Array },
  words: Uint8Array,
  curve: Curve,
): PaymentClaim {
  return { address, transactionKey: output.txKey, message: curve.keccak256(concat([output.key, words])) };
}

export function proveSent(payment: Payment, words: Uint8Array, curve: Curve): PaymentEvidence {
  const proof = provePaymentSent(claimOf(payment.to, payment, words, curve), payment.txSecret, curve);
  return { by: 0, key: payment.key, ...proof };
}

/** @param address the one of the account that the output paid */
export function proveReceived(
  output: OutputRecord,
  address: Address,
  { viewSecret }: Account,
  words: Uint8Array,
  curve: Curve,
): PaymentEvidence {
  const proof = provePaymentReceived(claimOf(address, output, words, curve), viewSecret, curve);
  return { by: 1, key: output.key, ...proof };
}

/**
 * The amount in sparks that an output of the ledger paid to the address; undefined when the proof does not show that
 * it paid any.
 */
export function verifyPayment(
  evidence: PaymentEvidence,
  output: OutputRecord,
  address: Address,
  words: Uint8Array,
  curve: Curve,
): bigint | undefined {
  const verify = evidence.by === 0 ? verifyPaymentSent : verifyPaymentReceived;
  const claim = claimOf(address, output, words, curve);
  if (!equalBytes(evidence.key, output.key) || !verify(claim, evidence, curve)) return undefined;
  const shared = sharedSecretOf(evidence, curve);
  if (!shared) return undefined;
  const watching = { viewSecret: new Uint8Array(32), viewKey: address.viewKey, spendKey: address.spendKey };
  const table = new Map([[toHex(address.spendKey), { account: 0, index: 0 }]]);
  const rules = rulesFor(output.context);
  const found = recogniseOutput(output, shared, output.position, watching, table, rules, curve);
  if (!found) return undefined;
  if (output.minted) return fromLittleEndian(output.amount);
  const hidden = { commitment: output.commitment, encryptedAmount: output.amount };
  return openAmount(hidden, found.derivation, curve)?.amount;
}
