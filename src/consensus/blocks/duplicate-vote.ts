import { equalBytes } from '#base';
import { byteOf, type Decoded, fixed, integer, KEY_BYTES, list, SIGNATURE_BYTES, struct } from '#ledger';
import { HASH_BYTES, MAX_ROUND, PRECOMMIT, PREVOTE } from '../constants.ts';
import { require } from '../errors.ts';
import type { VerifySignatures } from './signatures.ts';
import type { ValidatorSet } from './validators.ts';
import { ballotBytes, type Vote } from './vote.ts';

/** Two votes of one validator for different blocks in one step, as the ledger's evidence action wants them. */
export const duplicateVoteCodec = struct({
  validator: fixed(KEY_BYTES),
  height: integer(1),
  round: integer(0, MAX_ROUND),
  kind: byteOf(PREVOTE, PRECOMMIT),
  /** In ascending order of `block`. */
  votes: list(struct({ block: fixed(HASH_BYTES), signature: fixed(SIGNATURE_BYTES) }), 2, 2),
});

export type DuplicateVote = Decoded<typeof duplicateVoteCodec>;

/** No evidence is longer. */
export const MAX_DUPLICATE_VOTE_BYTES = KEY_BYTES + 8 + 5 + 1 + 1 + 2 * (HASH_BYTES + SIGNATURE_BYTES);

/** Whether two votes are an offence: the same step, different blocks. */
export const areDuplicates = (a: Vote, b: Vote): boolean =>
  a.validator === b.validator &&
  a.height === b.height &&
  a.round === b.round &&
  a.kind === b.kind &&
  !equalBytes(a.block, b.block);

/** The evidence that two such votes are. Throws EVIDENCE_INVALID when they are none. */
export function duplicateVote(a: Vote, b: Vote, validators: ValidatorSet): DuplicateVote {
  const author = validators.at(a.validator);
  require(author !== undefined && areDuplicates(a, b), 'EVIDENCE_INVALID', 'these votes are no offence');
  const votes = [a, b]
    .map(({ block, signature }) => ({ block, signature }))
    .sort((one, other) => Buffer.compare(one.block, other.block));
  return { validator: author.key, height: a.height, round: a.round, kind: a.kind, votes };
}

/** Requires two different blocks in order, both signed. Throws EVIDENCE_INVALID. */
export function requireDuplicateVote(
  evidence: DuplicateVote,
  chainId: Uint8Array,
  verify: VerifySignatures,
): void {
  const [first, second] = [evidence.votes[0]!, evidence.votes[1]!];
  require(Buffer.compare(first.block, second.block) <
    0, 'EVIDENCE_INVALID', 'the votes agree, or are not in order');
  const signed = evidence.votes.map(({ block, signature }) => ({
    purpose: 'vote',
    message: ballotBytes(chainId, { ...evidence, block }),
    signature,
    publicKey: evidence.validator,
  }));
  require(verify(signed), 'EVIDENCE_INVALID', 'a vote is not signed by the validator');
}
