import type { Curve } from '#crypto';
import { type Equivocation, makeTransaction, type Parameters } from '#ledger';

/** The transaction that reports double signers. It needs neither a fee nor a key, so anybody can submit it. */
export function accusation(
  evidence: Equivocation,
  { chainId, expiryWindow }: Parameters,
  height: number,
  curve: Curve,
): Uint8Array {
  const body = {
    chainId,
    expiry: height + expiryWindow,
    fee: 0n,
    inputs: [],
    outputs: [],
    memo: new Uint8Array(0),
    actions: [{ name: 'evidence' as const, body: evidence }],
  };
  return makeTransaction(body, { spend: undefined, signatures: [] }, curve).bytes;
}
