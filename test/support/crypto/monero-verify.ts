import {
  type Curve,
  commitmentsBalance,
  isPrimeOrderPoint,
  type RingMember,
  toWire,
  verifyClsag,
  verifyRanges,
} from '#crypto';
import type { MoneroTransaction } from './monero-transaction.ts';

/** What of a transaction holds. */
export interface Verdict {
  readonly balance: boolean;
  readonly signatures: readonly boolean[];
  readonly ranges: boolean;
}

/** Monero's rules for one transaction: amounts balance, every input is signed, every output is in range. */
export function judge(
  tx: MoneroTransaction,
  rings: readonly (readonly RingMember[])[],
  curve: Curve,
): Verdict {
  const commitments = tx.outputs.map((output) => output.commitment);
  return {
    balance: commitmentsBalance(tx.pseudoOuts, commitments, tx.fee, curve),
    signatures: tx.inputs.map((input, i) => {
      const statement = { ring: rings[i]!, pseudoOut: tx.pseudoOuts[i]!, message: tx.message };
      return verifyClsag(statement, tx.signatures[i]!, input.keyImage, curve);
    }),
    ranges:
      commitments.every((commitment) => isPrimeOrderPoint(commitment, curve)) &&
      verifyRanges(
        tx.ranges.map((proof) => ({ proof, commitments: commitments.map((c) => toWire(c, curve)) })),
        curve,
      ),
  };
}

export const accepts = ({ balance, signatures, ranges }: Verdict): boolean =>
  balance && signatures.every(Boolean) && ranges;
