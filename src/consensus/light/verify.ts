import { BitorchError, equalBytes } from '#base';
import {
  blockId,
  type Commit,
  requireCommit,
  signersOf,
  type ValidatorSet,
  type VerifySignatures,
} from '../blocks/index.ts';
import type { LightBlock } from '../sync/messages.ts';

export interface Trust {
  readonly chainId: Uint8Array;
  /** A header older than this vouches for nothing: whoever signed it may have his bond back. Below the unbonding time. */
  readonly trustingPeriodMs: number;
  /** A header's time may be this far ahead of our clock. */
  readonly clockToleranceMs: number;
}

/** A header that is trusted, and the set that votes at the height after it. */
export interface Trusted {
  readonly height: number;
  readonly time: number;
  readonly id: Uint8Array;
  readonly appHash: Uint8Array;
  readonly nextValidators: ValidatorSet;
}

/** Why a header cannot be trusted yet: too few of those whom we know have signed it. Ask for one in between. */
export const NOT_ENOUGH_TRUST = 'NOT_ENOUGH_TRUST';
/** Why none can be trusted any more: what is trusted is too old. Somebody has to be asked for a block id. */
export const TRUST_EXPIRED = 'TRUST_EXPIRED';

function refuse(why: string, details: Record<string, unknown> = {}): never {
  throw new BitorchError('LIGHT_INVALID', `not a proven header: ${why}`, details);
}

/**
 * Light client verification (Braithwaite et al., "A Tendermint Light Client", arXiv 2010.07031): the header after a
 * trusted one by the set that was announced for it, a later one also when more than a third of the trusted set has signed
 * it, for then an honest one has. The genesis, at height 0, has no time to be compared with.
 *
 * @throws BitorchError LIGHT_INVALID; TRUST_EXPIRED; NOT_ENOUGH_TRUST when a header in between would help
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
  if (time > now + trust.clockToleranceMs) refuse('its time is in the future', { height, time });
  if (!equalBytes(header.chainId, trust.chainId)) refuse('it is of another chain');
  if (commit.height !== height || !equalBytes(commit.block, id)) refuse('its commit is of another block');
  if (!equalBytes(validators.hash, header.validators)) refuse('its validators are others', { height });
  if (!equalBytes(nextValidators.hash, header.nextValidators))
    refuse('its next validators are others', { height });
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
  return { height, time, id, appHash: header.appHash, nextValidators };
}

/**
 * Throws TRUST_EXPIRED for a block, or the genesis at height 0, that vouches for no later one any more.
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
    `block ${height}, the last one that is trusted, is of ${new Date(time).toISOString()}: too old to ` +
      'vouch for later ones. Ask people that you trust for the height and id of a recent block, and give it with ' +
      '--trust HEIGHT:ID',
  );
}

/** More than a third of the power of a known set. The signatures themselves are verified with the whole commit. */
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
