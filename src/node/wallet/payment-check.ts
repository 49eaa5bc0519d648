import { BitorchError, utf8 } from '#base';
import { defaultCurve } from '#crypto';
import { parseAddress, parsePaymentProof, verifyPayment, type WalletChain } from '#ledger';

/** What a proof of payment shows: this much, in sparks, in this block. */
export interface ProvenPayment {
  readonly amount: bigint;
  readonly height: number;
}

/**
 * Checks somebody's proof that an address was paid.
 *
 * @param words those that the proof was asked for with
 * @throws BitorchError `PAYMENT_PROOF_INVALID`, `ADDRESS_INVALID`; `PAYMENT_UNPROVEN` when it does not show that
 */
export async function checkPayment(
  proof: string,
  address: string,
  words: string,
  chain: WalletChain,
): Promise<ProvenPayment> {
  const curve = defaultCurve();
  const evidence = parsePaymentProof(proof);
  const { parameters, outputs } = await chain.status();
  const to = parseAddress(address, parameters.chainId, curve);
  const [output] = evidence.number < outputs ? await chain.outputsAt([evidence.number]) : [];
  const amount = output && verifyPayment(evidence, output, to, utf8(words), curve);
  if (!output || amount === undefined) {
    throw new BitorchError(
      'PAYMENT_UNPROVEN',
      'the proof does not show that this address was paid: compare address and words with those it was made for',
    );
  }
  return { amount, height: output.height };
}
