import type { ReadView, WriteView } from '#store';
import { slash, validatorOf, validators } from '../accounts/validator.ts';
import { amount, integer, list, struct } from '../codec/index.ts';
import { WHOLE } from '../constants.ts';
import type { Parameters } from '../parameters.ts';
import { accountKind, SINGLE } from './buckets.ts';

/** Offences within the unbonding time: height, and the tokens of the offender's pool then. */
const offencesCodec = struct({ offences: list(struct({ height: integer(), tokens: amount }), 256) });

export const offencesRecord = accountKind(10, SINGLE, offencesCodec, () => 0n);

export const bondedTokens = (view: ReadView): bigint =>
  [...validators.bucket.entries(view)].reduce((sum, [, validator]) => sum + validator.tokens, 0n);

/**
 * Cubic slashing (Namada): 9·(offenders' part of all tokens)² of each offender's pool, at least `slashLeast`. One that
 * fails alone loses little; a third that fails together loses everything.
 */
export function slashForEquivocation(
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
