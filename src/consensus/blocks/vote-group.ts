import { domainHash } from '#base';
import { aggregateSignatures, defaultCurve } from '#crypto';
import { aggregateFields, bits, bitsOf, type Decoded, fixed, hasBit, list, struct } from '#ledger';
import { HASH_BYTES, MAX_VALIDATORS } from '../constants.ts';
import type { ValidatorSet } from './validators.ts';
import { ballotBytes, type Vote } from './vote.ts';

/** All votes for one block in one step, half-aggregated. Of a single vote the aggregate is its signature. */
const voteGroupCodec = struct({
  block: fixed(HASH_BYTES),
  /** Places of the voters. */
  voters: bits(MAX_VALIDATORS),
  ...aggregateFields,
});

export type VoteGroup = Decoded<typeof voteGroupCodec>;

/** The votes of one step, a group for each block. No validator is in two of them. */
export const voteGroupsCodec = list(voteGroupCodec, MAX_VALIDATORS, 1);

const POINT_BYTES = 32;

/** Upper bound of the encoded size of a group, in bytes. */
export const groupBytes = (votes: number, { size }: ValidatorSet): number =>
  2 * HASH_BYTES + POINT_BYTES * votes + Math.ceil(size / 8) + 4;

/** Aggregates verified votes of different validators for the same block in the same step; at least one. */
export function voteGroupOf(
  votes: readonly Vote[],
  chainId: Uint8Array,
  validators: ValidatorSet,
): VoteGroup {
  const byPlace = votes.toSorted((a, b) => a.validator - b.validator);
  const [first] = byPlace as [Vote, ...Vote[]];
  const places = new Set(byPlace.map(({ validator }) => validator));
  const signed = byPlace.map(({ validator, signature }) => ({
    publicKey: validators.at(validator)!.key,
    signature,
  }));
  return {
    block: first.block,
    voters: bitsOf(validators.size, (place) => places.has(place)),
    ...aggregateSignatures(defaultCurve(), domainHash('vote', ballotBytes(chainId, first)), signed),
  };
}

/** The group of the block that a validator voted for, if its vote is in one. */
export const groupWith = (groups: readonly VoteGroup[], place: number): VoteGroup | undefined =>
  groups.find(({ voters }) => hasBit(voters, place));
