import { type Aggregate, verifyAggregate } from '#crypto';
import {
  areBitsFor,
  bits,
  bitsOf,
  byteOf,
  type Decoded,
  encode,
  fixed,
  hasBit,
  integer,
  list,
  struct,
} from './codec/index.ts';
import { KEY_BYTES, MAX_VOTERS } from './constants.ts';
import { VOTE_PURPOSE, type Vote, voteCodec } from './vote.ts';

const HASH_BYTES = 32;
const POINT_BYTES = 32;
const SCALAR_BYTES = 32;

/** What an aggregate of votes is made of: see `Aggregate`. That of a single vote is its signature. */
export const aggregateFields = {
  nonces: list(fixed(POINT_BYTES), MAX_VOTERS, 1),
  scalar: fixed(SCALAR_BYTES),
};

/**
 * Proof that validators have voted for two blocks in one step: two sets of votes, each single or aggregated, and whoever is in
 * both is guilty. Nobody can be in one without having signed, whatever keys stand beside his.
 */
export const equivocationCodec = struct({
  height: integer(1),
  round: integer(0, 2 ** 31),
  /** 1 prevote, 2 precommit. */
  kind: byteOf(1, 2),
  /** Of all who are in either, ascending: for an aggregate is verified with all of its keys. */
  keys: list(fixed(KEY_BYTES), MAX_VOTERS, 1),
  /** In ascending order of `block`. */
  votes: list(
    struct({
      block: fixed(HASH_BYTES),
      /** Which of the keys. */
      signers: bits(MAX_VOTERS),
      ...aggregateFields,
    }),
    2,
    2,
  ),
});

export type Equivocation = Decoded<typeof equivocationCodec>;

type Step = Omit<Vote, 'chainId' | 'block'>;

/** Votes of some validators for one block in one step, with what proves all of them together. */
export interface JointVotes {
  readonly block: Uint8Array;
  /** Ascending. */
  readonly keys: readonly Uint8Array[];
  readonly aggregate: Aggregate;
}

/** A single vote as joint votes of one. */
export const singleVote = (block: Uint8Array, key: Uint8Array, signature: Uint8Array): JointVotes => ({
  block,
  keys: [key],
  aggregate: { nonces: [signature.slice(0, POINT_BYTES)], scalar: signature.slice(POINT_BYTES) },
});

/** The evidence that votes of one step for two blocks make. */
export function equivocationOf({ height, round, kind }: Step, a: JointVotes, b: JointVotes): Equivocation {
  const keys = [...a.keys, ...b.keys]
    .sort((one, other) => Buffer.compare(one, other))
    .filter((key, i, all) => i === 0 || Buffer.compare(all[i - 1]!, key) !== 0);
  const votes = [a, b]
    .sort((one, other) => Buffer.compare(one.block, other.block))
    .map(({ block, keys: authors, aggregate }) => {
      const signers = new Set(authors.map(nameOf));
      return { block, signers: bitsOf(keys.length, (i) => signers.has(nameOf(keys[i]!))), ...aggregate };
    });
  return { height, round, kind, keys, votes };
}

/** The keys of those who are in both. */
export const offendersOf = ({ keys, votes }: Equivocation): Uint8Array[] =>
  keys.filter((_, i) => votes.every(({ signers }) => hasBit(signers, i)));

/** Whether the two blocks differ, everything is in order and spelled in the one way, and somebody is in both. */
export function isWellFormed(evidence: Equivocation): boolean {
  const { keys, votes } = evidence;
  const [first, second] = [votes[0]!, votes[1]!];
  return (
    Buffer.compare(first.block, second.block) < 0 &&
    keys.every((key, i) => i === 0 || Buffer.compare(keys[i - 1]!, key) < 0) &&
    keys.every((_, i) => votes.some(({ signers }) => hasBit(signers, i))) &&
    votes.every(({ signers }) => areBitsFor(keys.length, signers)) &&
    offendersOf(evidence).length > 0
  );
}

/** Whether all in it have signed the votes that they are in. */
export function isProven(evidence: Equivocation, chainId: Uint8Array): boolean {
  const { height, round, kind, keys, votes } = evidence;
  return votes.every(({ block, signers, ...aggregate }) => {
    const message = encode(voteCodec, { chainId, height, round, kind, block });
    const authors = keys.filter((_, i) => hasBit(signers, i));
    return verifyAggregate(VOTE_PURPOSE, message, aggregate, authors);
  });
}

const nameOf = (key: Uint8Array): string => Buffer.from(key).toString('hex');
