import { equalBytes } from '#base';
import type { SigningKey } from '#crypto';
import {
  byteOf,
  type Decoded,
  encode,
  fixed,
  integer,
  SIGNATURE_BYTES,
  signVote as signStatement,
  voteCodec as statementCodec,
  struct,
} from '#ledger';
import { HASH_BYTES, MAX_ROUND, MAX_VALIDATORS, NIL, PRECOMMIT, PREVOTE } from '../constants.ts';
import type { SignedMessage } from './signatures.ts';
import type { ValidatorSet } from './validators.ts';

/** What a validator votes for in one step: a block id, or NIL. */
export interface Ballot {
  readonly height: number;
  readonly round: number;
  readonly kind: typeof PREVOTE | typeof PRECOMMIT;
  readonly block: Uint8Array;
}

/** A ballot on the wire, with its author as a place in the validator set of its height. */
export const voteCodec = struct({
  height: integer(1),
  round: integer(0, MAX_ROUND),
  kind: byteOf(PREVOTE, PRECOMMIT),
  block: fixed(HASH_BYTES),
  validator: integer(0, MAX_VALIDATORS - 1),
  signature: fixed(SIGNATURE_BYTES),
});

export type Vote = Decoded<typeof voteCodec>;

/** Longest encoded vote, in bytes. */
export const MAX_VOTE_BYTES = 8 + 5 + 1 + HASH_BYTES + 2 + SIGNATURE_BYTES;

export const isNil = (block: Uint8Array): boolean => equalBytes(block, NIL);

/**
 * The bytes that a vote's signature covers, with purpose `vote`: the same that the ledger's evidence action checks.
 */
export function ballotBytes(chainId: Uint8Array, ballot: Ballot): Uint8Array {
  const { height, round, kind, block } = ballot;
  return encode(statementCodec, { chainId, height, round, kind, block });
}

/** Signs a ballot as the validator at this place. */
export function signBallot(chainId: Uint8Array, ballot: Ballot, validator: number, key: SigningKey): Vote {
  const { height, round, kind, block } = ballot;
  const signature = signStatement({ chainId, height, round, kind, block }, key);
  return { height, round, kind, block, validator, signature };
}

/** The signature to verify; undefined when the set has no such place. */
export function signedVote(
  chainId: Uint8Array,
  vote: Vote,
  validators: ValidatorSet,
): SignedMessage | undefined {
  const author = validators.at(vote.validator);
  return (
    author && {
      purpose: 'vote',
      message: ballotBytes(chainId, vote),
      signature: vote.signature,
      publicKey: author.key,
    }
  );
}
