import { BitorchError, utf8 } from '#base';
import { defaultCurve } from '#crypto';
import { formatAddress } from './address.ts';
import type { WalletChain } from './chain.ts';
import { parsePaymentProof, verifyPayment } from './proof.ts';

/** What a proof of payment shows: this much, in sparks, to this address, in this block. */
export interface ProvenPayment {
  readonly address: string;
  readonly amount: bigint;
  readonly height: number;
}

/**
 * Checks somebody's proof of a payment. That the address is the one it should be is for the caller to see.
 *
 * @param words those that the proof was asked for with
 * @throws BitorchError `PAYMENT_PROOF_INVALID`; `PAYMENT_UNPROVEN` when it shows nothing
 */
export async function checkPayment(proof: string, words: string, chain: WalletChain): Promise<ProvenPayment> {
  const evidence = parsePaymentProof(proof);
  const { parameters, outputs } = await chain.status();
  const [output] = evidence.number < outputs ? await chain.outputsAt([evidence.number]) : [];
  const amount = output && verifyPayment(evidence, output, utf8(words), defaultCurve());
  if (!output || amount === undefined) {
    throw new BitorchError(
      'PAYMENT_UNPROVEN',
      'the proof is not valid: it was made with another text, for another network, or is false',
    );
  }
  return { address: formatAddress(evidence.to, parameters.network), amount, height: output.height };
}
