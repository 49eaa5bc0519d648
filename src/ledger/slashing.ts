import type { ReadView, WriteView } from '#store';
import { MAX_OFFENCES, type Offence, offencesRecord } from './accounts/offences.ts';
import {
  atStakeIn,
  furtherPart,
  isReached,
  putValidator,
  slashPool,
  stakeOf,
  type Validator,
  validatorOf,
  validators,
} from './accounts/validator.ts';
import { type Withdrawal, withdrawals } from './accounts/withdrawal.ts';
import { WHOLE } from './constants.ts';
import type { Parameters } from './parameters.ts';

/** What a punishment reads and writes. */
interface PunishmentContext {
  readonly view: WriteView;
  /** The state before the block. */
  readonly before: ReadView;
  readonly height: number;
  readonly parameters: Parameters;
  burn(amount: bigint): void;
}

/**
 * Whether punishing an offence at that height has an effect. For a removed validator only an earlier offence has one: it reaches
 * withdrawals that began between the two. Otherwise the validator could report a later offence itself and save what left before.
 * An earlier offence that reaches nothing more is refused: evidence is free, and could be repeated for every height.
 */
export function isPunishable(view: ReadView, id: Uint8Array, height: number): boolean {
  const validator = validators.bucket.get(view, id);
  if (!validator) return false;
  const { tombstoned, offence } = validator;
  if (tombstoned === 0) return true;
  const first = firstReached(view, id, validator, height);
  return first !== undefined && !isReached(first, offence);
}

/** The earliest pending withdrawal that an offence at that height reaches. They are numbered and paid in the order of heights. */
function firstReached(
  view: ReadView,
  id: Uint8Array,
  { withdrawn }: Validator,
  height: number,
): Withdrawal | undefined {
  const at = (number: number) => withdrawals.bucket.get(view, ['validator', id, number]);
  let [low, high] = [0, withdrawn];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const record = at(middle);
    if (record && isReached(record, height)) high = middle;
    else low = middle + 1;
  }
  return at(low);
}

/**
 * Slashes validators that voted twice by `fractionOf`, burns the tokens, and removes them permanently. Earlier offenders that
 * count together with them are slashed further to the same fraction, so that the order of discovery does not matter.
 * Withdrawals since the offence lose the same fraction when due. An earlier offence found later only moves that height back.
 * @param offence height of the double votes, see `isPunishable`
 */
export function punishEquivocation(
  context: PunishmentContext,
  ids: readonly Uint8Array[],
  offence: number,
): void {
  const { view, burn, parameters } = context;
  const fresh = ids.filter((id) => validatorOf(view, id).tombstoned === 0);
  for (const id of ids) putValidator(view, id, { ...validatorOf(view, id), tombstoned: 1, offence });
  if (fresh.length === 0) return;
  const offences = noteOffences(context, fresh);
  const slashed = fractionOf(offences, parameters);
  for (const { validator } of offences) burn(raise(view, validator, slashed));
}

/** Slashes an offender's pool further, up to the fraction `slashed` in total. Returns the sparks taken. */
function raise(view: WriteView, id: Uint8Array, slashed: number): bigint {
  const validator = validatorOf(view, id);
  if (validator.slashed >= slashed) return 0n;
  const taken = furtherPart(validator.tokens, validator.slashed, slashed);
  putValidator(view, id, { ...validator, tokens: validator.tokens - taken, slashed });
  return taken;
}

/**
 * Cubic slashing (Namada): 9·(offenders' share of total stake)² of each offender's pool, at least `slashLeast`. An isolated
 * failure loses little; a third of the stake failing together loses everything. Stake includes pending withdrawals and is taken
 * from the state before the block, so that moving money does not change a share. For offences that count together the total is
 * the smallest of their totals, so that bonding between them does not dilute any.
 * Returns ten-thousandths.
 */
function fractionOf(offences: readonly Offence[], parameters: Parameters): number {
  const offending = offences.reduce((sum, offence) => sum + offence.tokens, 0n);
  const total = leastTotal(offences);
  const cubic = total === 0n ? 0n : (9n * BigInt(WHOLE) * offending * offending) / (total * total);
  return Math.min(WHOLE, Math.max(parameters.slashLeast, Number(cubic)));
}

/** Adds offences to those within the unbonding time. Returns all of them. */
function noteOffences(context: PunishmentContext, ids: readonly Uint8Array[]): Offence[] {
  const { view, before, height, parameters } = context;
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

/** Merges the oldest offences into one if there are too many, so that none is lost. */
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
 * Records whether a validator signed a block: its missed count rises or falls by one (Oxen's uptime credit). At
 * `downtimeBlocks` the validator is slashed and jailed until it unjails itself.
 */
export function noteAttendance(
  { view, height, parameters, burn }: Omit<PunishmentContext, 'before'>,
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
