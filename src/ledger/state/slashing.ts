import type { ReadView, WriteView } from '#store';
import { slash, validatorOf, validators } from '../accounts/validator.ts';
import type { ActionContext } from '../actions/action.ts';
import { amount, integer, list, struct } from '../codec/index.ts';
import { WHOLE } from '../constants.ts';
import type { Parameters } from '../parameters.ts';
import { accountKind, SINGLE } from './buckets.ts';

/** Offences within the unbonding time: height, and the tokens of the offender's pool then. */
const offencesCodec = struct({ offences: list(struct({ height: integer(), tokens: amount }), 256) });

export const offencesRecord = accountKind(10, SINGLE, offencesCodec, () => 0n);

export const bondedTokens = (view: ReadView): bigint =>
  [...validators.bucket.entries(view)].reduce((sum, [, validator]) => sum + validator.tokens, 0n);

/** What a punishment sees and does. */
type Court = Pick<ActionContext, 'view' | 'height' | 'parameters' | 'burn'>;

/** Takes from a validator that has voted twice what `slashForEquivocation` says, burns it, and puts it out for ever. */
export function punishEquivocation({ view, height, parameters, burn }: Court, id: Uint8Array): void {
  burn(slashForEquivocation(view, id, height, parameters));
  validators.bucket.put(view, id, { ...validatorOf(view, id), tombstoned: 1 });
}

/**
 * Cubic slashing (Namada): 9·(offenders' part of all tokens)² of each offender's pool, at least `slashLeast`. One that
 * fails alone loses little; a third that fails together loses everything.
 */
function slashForEquivocation(
  view: WriteView,
  id: Uint8Array,
  height: number,
  parameters: Parameters,
): bigint {
  const { tokens } = validatorOf(view, id);
  const known = offencesRecord.bucket.get(view, null)?.offences ?? [];
  const recent = known.filter((offence) => offence.height + parameters.unbondingBlocks > height).slice(-255);
  const offences = [...recent, { height, tokens }];
  const offending = offences.reduce((sum, offence) => sum + offence.tokens, 0n);
  const total = bondedTokens(view);
  const cubic = total === 0n ? 0n : (9n * BigInt(WHOLE) * offending * offending) / (total * total);
  const fraction = Math.min(WHOLE, Math.max(parameters.slashLeast, Number(cubic)));
  offencesRecord.bucket.put(view, null, { offences });
  return slash(view, id, fraction);
}

/**
 * Counts whether a validator has signed a block: one more that it missed, or one less (Oxen's uptime credit). Whoever is
 * away for longer than it was there by `downtimeBlocks` is jailed: it has to say that it is back.
 */
export function noteAttendance(
  { view, height, parameters, burn }: Court,
  id: Uint8Array,
  signed: boolean,
): void {
  const validator = validators.bucket.get(view, id);
  if (!validator || validator.tombstoned > 0 || validator.jailedUntil > 0) return;
  const missed = Math.max(0, validator.missed + (signed ? -1 : 1));
  if (missed === validator.missed) return;
  if (missed < parameters.downtimeBlocks) {
    validators.bucket.put(view, id, { ...validator, missed });
    return;
  }
  burn(slash(view, id, parameters.downtimeSlash));
  const jailedUntil = height + parameters.jailBlocks;
  validators.bucket.put(view, id, { ...validatorOf(view, id), missed: 0, jailedUntil });
}
