import { concat, toHex } from '#base';
import {
  type Address,
  type Curve,
  openAmount,
  type PaymentProof,
  provePaymentSent,
  recogniseOutput,
  sharedSecretOf,
  verifyPaymentSent,
} from '#crypto';
import { key } from '../accounts/shapes.ts';
import { type Decoded, fixed, integer, struct } from '../codec/index.ts';
import type { OutputRecord } from '../state/buckets.ts';
import { rulesFor } from '../state/minting.ts';
import type { Payment, Sent } from './contents.ts';

/** Shows a third party that a transaction paid an address, and how much. */
export const paymentProofCodec = struct({
  /** Of the transaction. */
  id: fixed(32),
  position: integer(0, 255),
  sharedPoint: key,
  challenge: key,
  response: key,
});

export type PaymentEvidence = Decoded<typeof paymentProofCodec>;

/** What the proof is bound to: the transaction, and words of the one who asks for it, so that nobody can pass it on. */
const messageOf = (id: Uint8Array, words: Uint8Array, curve: Curve): Uint8Array =>
  curve.keccak256(concat([id, words]));

export function provePayment(sent: Sent, payment: Payment, words: Uint8Array, curve: Curve): PaymentEvidence {
  const claim = {
    address: payment.to,
    transactionKey: payment.txKey,
    message: messageOf(sent.id, words, curve),
  };
  const proof: PaymentProof = provePaymentSent(claim, payment.txSecret, curve);
  return { id: sent.id, position: payment.position, ...proof };
}

/**
 * The amount in sparks that the output paid to the address; undefined when the proof does not show that it paid any.
 *
 * @param output the one at `evidence.position` of the transaction, as it is on the ledger
 */
export function verifyPayment(
  evidence: PaymentEvidence,
  output: OutputRecord,
  address: Address,
  words: Uint8Array,
  curve: Curve,
): bigint | undefined {
  const claim = { address, transactionKey: output.txKey, message: messageOf(evidence.id, words, curve) };
  if (output.position !== evidence.position || !verifyPaymentSent(claim, evidence, curve)) return undefined;
  const shared = sharedSecretOf(evidence, curve);
  if (!shared) return undefined;
  const watching = { viewSecret: new Uint8Array(32), viewKey: address.viewKey, spendKey: address.spendKey };
  const table = new Map([[toHex(address.spendKey), { account: 0, index: 0 }]]);
  const rules = rulesFor(output.context);
  const found = recogniseOutput(output, shared, output.position, watching, table, rules, curve);
  const ledgered = { commitment: output.commitment, encryptedAmount: output.amount };
  return found && openAmount(ledgered, found.derivation, curve)?.amount;
}
