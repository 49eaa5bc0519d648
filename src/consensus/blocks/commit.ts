import { domainHash } from '#base';
import { aggregateSignatures, defaultCurve } from '#crypto';
import {
  aggregateFields,
  areBitsFor,
  bits,
  bitsOf,
  type Decoded,
  encode,
  fixed,
  hasBit,
  integer,
  struct,
} from '#ledger';
import { HASH_BYTES, MAX_ROUND, MAX_VALIDATORS, PRECOMMIT } from '../constants.ts';
import { ensure } from '../errors.ts';
import type { Certificate } from './certificate.ts';
import type { VerifySignatures } from './signatures.ts';
import type { ValidatorSet } from './validators.ts';
import { ballotBytes, isNil } from './vote.ts';

/**
 * Proof that a block is decided: aggregated precommits of more than two thirds of the power. `signersOf` derives
 * the signers from the set of those present.
 */
export const commitCodec = struct({
  height: integer(1),
  round: integer(0, MAX_ROUND),
  block: fixed(HASH_BYTES),
  /** Places of the validators whose precommits the author has seen. Only the signers are proven. */
  present: bits(MAX_VALIDATORS),
  ...aggregateFields,
});

export type Commit = Decoded<typeof commitCodec>;

/** Longest encoded commit, in bytes. */
export const MAX_COMMIT_BYTES =
  8 + 5 + HASH_BYTES + 1 + MAX_VALIDATORS / 8 + 2 + MAX_VALIDATORS * HASH_BYTES + HASH_BYTES;

/** domainHash('commit', encoded commit); zeros when there is none, below the first block. */
export const commitHash = (commit: Commit | undefined): Uint8Array =>
  commit ? domainHash('commit', encode(commitCodec, commit)) : new Uint8Array(HASH_BYTES);

type Presence = Pick<Commit, 'height' | 'present'>;

/** Places of the validators that a commit reports as present, ascending. */
export const presentIn = ({ present }: Pick<Commit, 'present'>, { validators }: ValidatorSet): number[] =>
  validators.flatMap((_, place) => (hasBit(present, place) ? [place] : []));

/**
 * If at least this many are present, as many sign, quorum or not: in sets up to this size every presence is proven.
 */
const LEAST_SIGNERS = 64;

/**
 * Places of the validators whose precommits are in a commit, ascending: of those present the most powerful ones
 * that form a quorum, and at least 64. Ties are broken in circular order from a place that changes each height, so
 * that no validator is left out for long, and a claimed presence has to be proven at most heights. All of those
 * present if they form no quorum.
 */
export function signersOf(presence: Presence, validators: ValidatorSet): number[] {
  const { size } = validators;
  const powerOf = (place: number) => validators.at(place)!.power;
  const turn = (place: number) => (place + size - (presence.height % size)) % size;
  const signers: number[] = [];
  let power = 0;
  for (const place of presentIn(presence, validators).sort(
    (a, b) => powerOf(b) - powerOf(a) || turn(a) - turn(b),
  )) {
    if (validators.isQuorum(power) && signers.length >= LEAST_SIGNERS) break;
    signers.push(place);
    power += powerOf(place);
  }
  return signers.sort((a, b) => a - b);
}

/** Builds the commit of verified precommits. Deterministic: the same precommits always give the same commit. */
export function commitFrom(certificate: Certificate, chainId: Uint8Array, validators: ValidatorSet): Commit {
  const { height, round, block } = certificate;
  const signatures = new Map(certificate.signatures.map((one) => [one.validator, one.signature]));
  const present = bitsOf(validators.size, (place) => signatures.has(place));
  const signed = signersOf({ height, present }, validators).map((place) => ({
    publicKey: validators.at(place)!.key,
    signature: signatures.get(place)!,
  }));
  const message = domainHash('vote', ballotBytes(chainId, certificate));
  return { height, round, block, present, ...aggregateSignatures(defaultCurve(), message, signed) };
}

/**
 * Requires that more than two thirds of the power have signed a commit for a block. Throws COMMIT_INVALID when they
 * have not.
 */
export function requireCommit(
  commit: Commit,
  chainId: Uint8Array,
  validators: ValidatorSet,
  verify: VerifySignatures,
): void {
  const { height, block, present, nonces, scalar } = commit;
  ensure(!isNil(block), 'COMMIT_INVALID', 'a commit for no block', { height });
  ensure(areBitsFor(validators.size, present), 'COMMIT_INVALID', 'the commit is not of these validators', {
    height,
  });
  const signers = signersOf(commit, validators).map((place) => validators.at(place)!);
  const power = signers.reduce((sum, one) => sum + one.power, 0);
  const details = { height, power, of: validators.totalPower };
  ensure(validators.isQuorum(power), 'COMMIT_INVALID', 'not more than two thirds of the power', details);
  const message = ballotBytes(chainId, { ...commit, kind: PRECOMMIT });
  const publicKeys = signers.map(({ key }) => key);
  ensure(
    verify([{ purpose: 'vote', message, publicKeys, aggregate: { nonces, scalar } }]),
    'COMMIT_INVALID',
    'the aggregate signature is invalid',
    { height },
  );
}
