import type { ReadView } from '#store';
import {
  atStakeIn,
  partOf,
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

const MAX_OFFENCES = 256;
const offenceCodec = struct({ height: integer(), tokens: amount, total: amount });
type Offence = Decoded<typeof offenceCodec>;

/** Offences within the unbonding time: when they were punished, what the offender had at stake, and all together. */
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
 * Takes from validators that have voted twice what `fractionFor` says, burns it, and puts them out for ever: those who are
 * convicted together lose the same part. What is on its way out of their pools since the offence pays that part too when it is
 * due. An earlier offence that comes to light later only moves the height from which on that is so.
 * @param offence the height that they voted twice at, see `isPunishable`
 */
export function punishEquivocation(court: Court, ids: readonly Uint8Array[], offence: number): void {
  const { view, burn } = court;
  const fresh = ids.filter((id) => validatorOf(view, id).tombstoned === 0);
  const slashed = fresh.length > 0 ? fractionFor(court, fresh) : 0;
  for (const id of ids) {
    const validator = validatorOf(view, id);
    if (validator.tombstoned > 0) {
      putValidator(view, id, { ...validator, offence });
      continue;
    }
    const taken = partOf(validator.tokens, slashed);
    const tokens = validator.tokens - taken;
    const reached = validator.withdrawn;
    putValidator(view, id, { ...validator, tokens, tombstoned: 1, offence, slashed, reached });
    burn(taken);
  }
}

/**
 * Cubic slashing (Namada): 9·(offenders' part of all stake)² of each offender's pool, at least `slashLeast`. One that
 * fails alone loses little; a third that fails together loses everything. Stake is what is bonded and what is on its way
 * back, as it was before the block: nothing that is moved in the block, or is only on its way out, changes a part. For
 * offences that count together all of it is the least that it was: what is bonded between them thins none of them out.
 */
function fractionFor({ view, before, height, parameters }: Court, ids: readonly Uint8Array[]): number {
  const atStake = ids.reduce((sum, id) => sum + atStakeIn(validators.bucket.get(before, id)), 0n);
  const offences = [
    ...recentOffences(view, height, parameters),
    { height, tokens: atStake, total: stakeOf(before).atStake },
  ];
  offencesRecord.bucket.put(view, null, { offences });
  const offending = offences.reduce((sum, offence) => sum + offence.tokens, 0n);
  const total = leastTotal(offences);
  const cubic = total === 0n ? 0n : (9n * BigInt(WHOLE) * offending * offending) / (total * total);
  return Math.min(WHOLE, Math.max(parameters.slashLeast, Number(cubic)));
}

/** Leaves room for one more; if there are too many the two oldest count as one, so that none is forgotten. */
function recentOffences(view: ReadView, height: number, { unbondingBlocks }: Parameters): Offence[] {
  const known = offencesRecord.bucket.get(view, null)?.offences ?? [];
  const recent = known.filter((offence) => offence.height + unbondingBlocks > height);
  if (recent.length < MAX_OFFENCES) return recent;
  const [first, second, ...rest] = recent as [Offence, Offence, ...Offence[]];
  const both = {
    height: second.height,
    tokens: first.tokens + second.tokens,
    total: leastTotal([first, second]),
  };
  return [both, ...rest];
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
