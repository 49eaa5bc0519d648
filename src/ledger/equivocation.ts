import { sha256, toHex } from '#base';
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
import { VerifiedCache } from './verified-cache.ts';
import { VOTE_PURPOSE, type Vote, voteCodec } from './vote.ts';

const HASH_BYTES = 32;
const POINT_BYTES = 32;
const SCALAR_BYTES = 32;

/** Fields of an aggregate of votes, see `Aggregate`. The aggregate of a single vote is its signature. */
export const aggregateFields = {
  nonces: list(fixed(POINT_BYTES), MAX_VOTERS, 1),
  scalar: fixed(SCALAR_BYTES),
};

/**
 * Proof that validators voted for two blocks in one step: two sets of votes, each a single vote or an aggregate. A validator
 * in both sets is guilty. An aggregate verifies only if every key in it signed, so the other keys cannot frame a validator.
 */
export const equivocationCodec = struct({
  height: integer(1),
  round: integer(0, 2 ** 31),
  /** 1: prevote, 2: precommit. */
  kind: byteOf(1, 2),
  /** Keys of all voters of either set, ascending: an aggregate is verified with all of its keys. */
  keys: list(fixed(KEY_BYTES), MAX_VOTERS, 1),
  /** Ascending by `block`. */
  votes: list(
    struct({
      block: fixed(HASH_BYTES),
      /** Bit set over `keys`. */
      signers: bits(MAX_VOTERS),
      ...aggregateFields,
    }),
    2,
    2,
  ),
});

export type Equivocation = Decoded<typeof equivocationCodec>;

type Step = Omit<Vote, 'chainId' | 'block'>;

/** Votes of several validators for one block in one step, with one aggregate that proves all of them. */
export interface JointVotes {
  readonly block: Uint8Array;
  /** Ascending. */
  readonly keys: readonly Uint8Array[];
  readonly aggregate: Aggregate;
}

/** Wraps a single vote; the signature is 64 bytes. */
export const singleVote = (block: Uint8Array, key: Uint8Array, signature: Uint8Array): JointVotes => ({
  block,
  keys: [key],
  aggregate: { nonces: [signature.slice(0, POINT_BYTES)], scalar: signature.slice(POINT_BYTES) },
});

/** Builds evidence from votes for two different blocks in the same step. */
export function equivocationOf({ height, round, kind }: Step, a: JointVotes, b: JointVotes): Equivocation {
  const keys = [...a.keys, ...b.keys]
    .sort((one, other) => Buffer.compare(one, other))
    .filter((key, i, all) => i === 0 || Buffer.compare(all[i - 1]!, key) !== 0);
  const votes = [a, b]
    .sort((one, other) => Buffer.compare(one.block, other.block))
    .map(({ block, keys: authors, aggregate }) => {
      const signers = new Set(authors.map(toHex));
      return { block, signers: bitsOf(keys.length, (i) => signers.has(toHex(keys[i]!))), ...aggregate };
    });
  return { height, round, kind, keys, votes };
}

/** The keys of validators in both sets. */
export const offendersOf = ({ keys, votes }: Equivocation): Uint8Array[] =>
  keys.filter((_, i) => votes.every(({ signers }) => hasBit(signers, i)));

/** Whether the two blocks differ, the encoding is canonical (sorted, without duplicates), and some validator is in both sets. */
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

/**
 * Evidence that was found proven. The verdict is a function of the bytes, so each evidence is verified once, in whatever thread.
 */
const proven = new VerifiedCache(256);

const digestOf = (evidence: Equivocation, chainId: Uint8Array): Uint8Array =>
  sha256(chainId, encode(equivocationCodec, evidence));

/** Records that `isProven` is true of this evidence, as another thread has found. */
export const noteProven = (evidence: Equivocation, chainId: Uint8Array): void =>
  proven.add(digestOf(evidence, chainId));

/** Whether this evidence was found proven before; costs no verification. */
const isKnownProven = (evidence: Equivocation, chainId: Uint8Array): boolean =>
  proven.has(digestOf(evidence, chainId));

/** Stands in for `isProven`: collects the evidence that is not known to be proven, so that another thread verifies it. */
export const deferring =
  (unproven: Equivocation[]) =>
  (evidence: Equivocation, chainId: Uint8Array): true => {
    if (!isKnownProven(evidence, chainId)) unproven.push(evidence);
    return true;
  };

/** Whether both aggregates verify, so that every validator signed the votes attributed to it. */
export function isProven(evidence: Equivocation, chainId: Uint8Array): boolean {
  if (isKnownProven(evidence, chainId)) return true;
  const { height, round, kind, keys, votes } = evidence;
  const holds = votes.every(({ block, signers, ...aggregate }) => {
    const message = encode(voteCodec, { chainId, height, round, kind, block });
    const authors = keys.filter((_, i) => hasBit(signers, i));
    return verifyAggregate(VOTE_PURPOSE, message, aggregate, authors);
  });
  if (holds) noteProven(evidence, chainId);
  return holds;
}
