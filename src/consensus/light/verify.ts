import { BitorchError, equalBytes } from '#base';
import {
  blockId,
  type Commit,
  requireCommit,
  signersOf,
  type ValidatorSet,
  type VerifySignatures,
} from '../blocks/index.ts';
import type { LightBlock } from '../sync/index.ts';

export interface Trust {
  readonly chainId: Uint8Array;
  /**
   * Age in ms beyond which a header vouches for nothing: its signers may have withdrawn their bonds. Below the
   * unbonding time.
   */
  readonly trustingPeriodMs: number;
  /** How far a header's time may be ahead of our clock, in ms: more than the validators accept, whose clocks differ from ours. */
  readonly clockToleranceMs: number;
}

/** A trusted header, and the set that votes at the height after it. */
export interface Trusted {
  readonly height: number;
  readonly time: number;
  readonly id: Uint8Array;
  readonly appHash: Uint8Array;
  readonly nextValidators: ValidatorSet;
}

/** Code of the error when too few known validators have signed a header: a header in between may help. */
export const NOT_ENOUGH_TRUST = 'NOT_ENOUGH_TRUST';
/** Code of the error when the trusted header is too old: the operator has to supply a recent block id. */
export const TRUST_EXPIRED = 'TRUST_EXPIRED';
/** Code of the error when our clock is behind the time of a proven header. */
const CLOCK_BEHIND = 'CLOCK_BEHIND';

function refuse(why: string, details: Record<string, unknown> = {}): never {
  throw new BitorchError('LIGHT_INVALID', `not a proven header: ${why}`, details);
}

/**
 * Light client verification (Braithwaite et al., "A Tendermint Light Client", arXiv 2010.07031). The next header is
 * verified by the set announced for it; a later one also if more than a third of the trusted set has signed it, so
 * that at least one honest validator has. The genesis, at height 0, has no time to compare with.
 *
 * Throws LIGHT_INVALID when the header is not proven, TRUST_EXPIRED when the trusted one is too old, CLOCK_BEHIND when a proven
 * one is from the future, NOT_ENOUGH_TRUST when a header in between would help.
 */
export function verifyLight(
  trusted: Trusted,
  { header, commit, validators, nextValidators }: LightBlock,
  trust: Trust,
  dependencies: { now: number; verify: VerifySignatures },
): Trusted {
  const { now, verify } = dependencies;
  const { height, time } = header;
  const id = blockId(header);
  requireFresh(trusted, trust.trustingPeriodMs, now);
  if (height <= trusted.height) refuse('it is not later than the trusted one', { height });
  if (trusted.height > 0 && time <= trusted.time)
    refuse('its time is not later than the trusted one', { height });
  if (!equalBytes(header.chainId, trust.chainId)) refuse('it is of another chain');
  if (commit.height !== height || !equalBytes(commit.block, id)) refuse('its commit is of another block');
  if (!equalBytes(validators.hash, header.validators)) refuse('its validator set is another one', { height });
  if (!equalBytes(nextValidators.hash, header.nextValidators))
    refuse('its next validator set is another one', { height });
  if (height === trusted.height + 1) {
    if (!equalBytes(header.previous, trusted.id)) refuse('it does not follow the trusted one', { height });
    if (!equalBytes(header.validators, trusted.nextValidators.hash))
      refuse('its validators are not those that were announced', { height });
  } else {
    requireKnownSigners(trusted.nextValidators, commit, validators);
  }
  try {
    requireCommit(commit, trust.chainId, validators, verify);
  } catch (error) {
    refuse((error as Error).message, { height });
  }
  // The validators have checked this time: whoever sent the header is not to blame.
  if (time > now + trust.clockToleranceMs)
    throw new BitorchError(
      CLOCK_BEHIND,
      `block ${height} is of ${new Date(time).toISOString()}, which is in the future: set the clock of this machine`,
    );
  return { height, time, id, appHash: header.appHash, nextValidators };
}

/**
 * Throws TRUST_EXPIRED when a block, or the genesis at height 0, is too old to vouch for a later one.
 *
 * @param now ms since epoch
 */
export function requireFresh(
  { height, time }: Pick<Trusted, 'height' | 'time'>,
  trustingPeriodMs: number,
  now: number,
): void {
  if (time + trustingPeriodMs > now) return;
  throw new BitorchError(
    TRUST_EXPIRED,
    `block ${height}, the last trusted one, is of ${new Date(time).toISOString()}: too old to ` +
      'vouch for later ones. Ask people you trust for the height and id of a recent block, and pass it with ' +
      '--trust HEIGHT:ID',
  );
}

/**
 * Requires signatures of more than a third of a known set's power. The signatures are verified with the whole
 * commit.
 */
function requireKnownSigners(known: ValidatorSet, commit: Commit, validators: ValidatorSet): void {
  const { height } = commit;
  let power = 0;
  for (const place of signersOf(commit, validators)) {
    const at = known.placeOf(validators.at(place)!.key);
    if (at >= 0) power += known.at(at)!.power;
  }
  if (!known.hasHonest(power)) {
    throw new BitorchError(NOT_ENOUGH_TRUST, `too few of the known validators have signed block ${height}`, {
      height,
      power,
      of: known.totalPower,
    });
  }
}
