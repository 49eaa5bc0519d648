import type { SigningKey } from '#crypto';
import { type Equivocation, equivocationOf, singleVote } from '../../../src/ledger/equivocation.ts';
import { signVote } from '../../../src/ledger/vote.ts';

interface Step {
  readonly height: number;
  readonly round?: number;
  readonly kind?: 1 | 2;
}

/** Evidence of two votes of one validator, for blocks whose ids are all of one byte. */
export function doubleVote(
  chainId: Uint8Array,
  by: SigningKey,
  { height, round = 0, kind = 1 }: Step,
  blocks: readonly [number, number] = [1, 2],
): Equivocation {
  const [first, second] = blocks.map((fill) => {
    const block = new Uint8Array(32).fill(fill);
    return singleVote(block, by.publicKey, signVote({ chainId, height, round, kind, block }, by));
  });
  return equivocationOf({ height, round, kind }, first!, second!);
}
