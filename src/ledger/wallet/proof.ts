import { BitorchError, concat, equalBytes, messageOf, toHex } from '#base';
import {
  type Account,
  type Address,
  type Curve,
  fromLittleEndian,
  isValidAddress,
  openAmount,
  type PaymentClaim,
  provePaymentReceived,
  provePaymentSent,
  recogniseOutput,
  sharedSecretOf,
  verifyPaymentReceived,
  verifyPaymentSent,
} from '#crypto';
import { addressCodec, key } from '../accounts/shapes.ts';
import type { OutputRecord } from '../buckets.ts';
import { byteOf, type Decoded, decode, encode, integer, struct } from '../codec/index.ts';
import { rulesFor } from '../state/minting.ts';
import { decodeBech32m, encodeBech32m } from './bech32m.ts';
import { outputsBetween, type WalletChain } from './chain.ts';
import type { Payment } from './contents.ts';

/** Proves to a third party that an output paid an address, and how much. Made by the sender (0) or the receiver (1). */
const paymentEvidenceCodec = struct({
  by: byteOf(0, 1),
  /** Number of the output on the ledger, and the address that it paid. */
  number: integer(),
  to: addressCodec,
  sharedPoint: key,
  challenge: key,
  response: key,
});

export type PaymentEvidence = Decoded<typeof paymentEvidenceCodec>;

/** Binds the proof to the output and to a challenge text of the verifier, so that nobody else can reuse it. */
function claimOf(
  address: Address,
  output: { key: Uint8Array; txKey: Uint8Array },
  words: Uint8Array,
  curve: Curve,
): PaymentClaim {
  return { address, transactionKey: output.txKey, message: curve.keccak256(concat([output.key, words])) };
}

const PREFIX = 'torchproof';

/** The text form of a proof: `torchproof1…`. */
export const formatPaymentProof = (evidence: PaymentEvidence): string =>
  encodeBech32m(PREFIX, encode(paymentEvidenceCodec, evidence));

/** Throws PAYMENT_PROOF_INVALID when the text is not a proof. */
export function parsePaymentProof(text: string): PaymentEvidence {
  const bytes = decodeBech32m(text.trim(), PREFIX, 'payment proof');
  try {
    return decode(paymentEvidenceCodec, bytes);
  } catch (error) {
    throw new BitorchError('PAYMENT_PROOF_INVALID', `not a payment proof: ${messageOf(error)}`);
  }
}

/** Number of the output with this one-time key in the block at `height`. Throws PAYMENT_UNKNOWN when the block has none. */
export async function findOutput(key: Uint8Array, height: number, chain: WalletChain): Promise<number> {
  const { before, totals } = await chain.totals(height);
  const [block] = totals;
  if (height > 0 && block?.height === height) {
    for await (const [first, outputs] of outputsBetween(chain, before, block.total)) {
      const at = outputs.findIndex((output) => equalBytes(output.key, key));
      if (at >= 0) return first + at;
    }
  }
  throw new BitorchError('PAYMENT_UNKNOWN', 'the payment is in no block yet: scan, then prove it');
}

/** @param number the number of the payment's output on the ledger */
export function proveSent(
  payment: Payment,
  number: number,
  words: Uint8Array,
  curve: Curve,
): PaymentEvidence {
  const proof = provePaymentSent(claimOf(payment.to, payment, words, curve), payment.txSecret, curve);
  return { by: 0, number, to: payment.to, ...proof };
}

/** @param address the account's address that the output paid */
export function proveReceived(
  output: OutputRecord,
  number: number,
  address: Address,
  { viewSecret }: Account,
  words: Uint8Array,
  curve: Curve,
): PaymentEvidence {
  const proof = provePaymentReceived(claimOf(address, output, words, curve), viewSecret, curve);
  return { by: 1, number, to: address, ...proof };
}

/**
 * The amount in sparks that the output paid to the address of the evidence; undefined when the evidence does not prove it.
 *
 * @param output the output with the evidence's number
 */
export function verifyPayment(
  evidence: PaymentEvidence,
  output: OutputRecord,
  words: Uint8Array,
  curve: Curve,
): bigint | undefined {
  const { by, to } = evidence;
  const verify = by === 0 ? verifyPaymentSent : verifyPaymentReceived;
  if (!isValidAddress(to, curve) || !verify(claimOf(to, output, words, curve), evidence, curve))
    return undefined;
  const shared = sharedSecretOf(evidence, curve);
  if (!shared) return undefined;
  const watching = { viewSecret: new Uint8Array(32), viewKey: to.viewKey, spendKey: to.spendKey };
  const table = new Map([[toHex(to.spendKey), { account: 0, index: 0 }]]);
  const rules = rulesFor(output.context);
  const found = recogniseOutput(output, shared, output.position, watching, table, rules, curve);
  if (!found) return undefined;
  if (output.minted) return fromLittleEndian(output.amount);
  const hidden = { commitment: output.commitment, encryptedAmount: output.amount };
  return openAmount(hidden, found.derivation, curve)?.amount;
}
