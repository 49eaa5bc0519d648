import type { WriteView } from '#store';
import { key } from '../accounts/shapes.ts';
import {
  atStakeIn,
  furtherPart,
  putValidator,
  slashPool,
  stakeOf,
  type Validator,
  validatorOf,
  validators,
} from '../accounts/validator.ts';
import type { ActionContext } from '../actions/action.ts';
import { amount, type Decoded, integer, list, struct } from '../codec/index.ts';
import { WHOLE } from '../constants.ts';
import type { Parameters } from '../parameters.ts';
import { accountKind, SINGLE } from './buckets.ts';

/** More than validators vote at once. */
const MAX_OFFENCES = 1_024;
const offenceCodec = struct({ validator: key, height: integer(), tokens: amount, total: amount });
type Offence = Decoded<typeof offenceCodec>;

/** Offences within the unbonding time: whose, when they were punished, what it had at stake, and all together. */
const offencesCodec = struct({ offences: list(offenceCodec, MAX_OFFENCES) });

export const offencesRecord = accountKind(10, SINGLE, offencesCodec, () => 0n);

/** What a punishment sees and does. */
type Court = Pick<ActionContext, 'view' | 'before' | 'height' | 'parameters' | 'burn'>;

/**
 * Whether an offence at that height still changes something. Of a validator that is out already an earlier one reaches
 * more of what is on its way back: else it could report itself for a later one, and save what left in between.
 */
export const isPunishable = ({ tombstoned, leaving, offence }: Validator, height: number): boolean =>
  tombstoned === 0 || (leaving > 0n && height < offence);

/**
 * Takes from validators that have voted twice what `fractionOf` says, burns it, and puts them out for ever; from those who
 * offended with them what they have lost too little: who was found out first pays as much as who was last. What is on its
 * way out of a pool since the offence pays the same part when it is due. An earlier offence that comes to light later
 * only moves the height from which on that is so.
 * @param offence the height that they voted twice at, see `isPunishable`
 */
export function punishEquivocation(court: Court, ids: readonly Uint8Array[], offence: number): void {
  const { view, burn, parameters } = court;
  const fresh = ids.filter((id) => validatorOf(view, id).tombstoned === 0);
  for (const id of ids) putValidator(view, id, { ...validatorOf(view, id), tombstoned: 1, offence });
  if (fresh.length === 0) return;
  const offences = noteOffences(court, fresh);
  const slashed = fractionOf(offences, parameters);
  for (const { validator } of offences) burn(raise(view, validator, slashed));
}

/** Takes from an offender's pool what is missing until it has lost a part in all; gives what was taken. */
function raise(view: WriteView, id: Uint8Array, slashed: number): bigint {
  const validator = validatorOf(view, id);
  if (validator.slashed >= slashed) return 0n;
  const taken = furtherPart(validator.tokens, validator.slashed, slashed);
  putValidator(view, id, { ...validator, tokens: validator.tokens - taken, slashed });
  return taken;
}

/**
 * Cubic slashing (Namada): 9·(offenders' part of all stake)² of each offender's pool, at least `slashLeast`. One that
 * fails alone loses little; a third that fails together loses everything. Stake is what is bonded and what is on its way
 * back, as it was before the block: nothing that is moved in the block, or is only on its way out, changes a part. For
 * offences that count together all of it is the least that it was: what is bonded between them thins none of them out.
 */
function fractionOf(offences: readonly Offence[], parameters: Parameters): number {
  const offending = offences.reduce((sum, offence) => sum + offence.tokens, 0n);
  const total = leastTotal(offences);
  const cubic = total === 0n ? 0n : (9n * BigInt(WHOLE) * offending * offending) / (total * total);
  return Math.min(WHOLE, Math.max(parameters.slashLeast, Number(cubic)));
}

/** Adds offences to those that count together, and gives all of them. */
function noteOffences(court: Court, ids: readonly Uint8Array[]): Offence[] {
  const { view, before, height, parameters } = court;
  const { atStake: total } = stakeOf(before);
  const known = offencesRecord.bucket.get(view, null)?.offences ?? [];
  const recent = known.filter((offence) => offence.height + parameters.unbondingBlocks > height);
  const fresh = ids.map((validator) => {
    const tokens = atStakeIn(validators.bucket.get(before, validator));
    return { validator, height, tokens, total };
  });
  const offences = bounded([...recent, ...fresh]);
  offencesRecord.bucket.put(view, null, { offences });
  return offences;
}

/** If there are too many the oldest count as one, so that none is forgotten. */
function bounded(offences: readonly Offence[]): Offence[] {
  const oldest = offences.slice(0, Math.max(0, offences.length - MAX_OFFENCES + 1));
  if (oldest.length < 2) return [...offences];
  const tokens = oldest.reduce((sum, offence) => sum + offence.tokens, 0n);
  const { validator, height } = oldest.at(-1)!;
  const together = { validator, height, tokens, total: leastTotal(oldest) };
  return [together, ...offences.slice(oldest.length)];
}

const leastTotal = (offences: readonly Offence[]): bigint =>
  offences.reduce((least, { total }) => (total < least ? total : least), offences[0]!.total);

/**
 * Counts whether a validator has signed a block: one more that it missed, or one less (Oxen's uptime credit). Whoever is
 * away for longer than it was there by `downtimeBlocks` is jailed: it has to say that it is back.
 */
export function noteAttendance(
  { view, height, parameters, burn }: Omit<Court, 'before'>,
  id: Uint8Array,
  signed: boolean,
): void {
  const validator = validators.bucket.get(view, id);
  if (!validator || validator.tombstoned > 0 || validator.jailedUntil > 0) return;
  const missed = Math.max(0, validator.missed + (signed ? -1 : 1));
  if (missed === validator.missed) return;
  if (missed < parameters.downtimeBlocks) {
    putValidator(view, id, { ...validator, missed });
    return;
  }
  burn(slashPool(view, id, parameters.downtimeSlash));
  const jailedUntil = height + parameters.jailBlocks;
  putValidator(view, id, { ...validatorOf(view, id), missed: 0, jailedUntil });
}
