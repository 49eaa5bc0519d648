import { validators } from '../accounts/index.ts';
import { type Equivocation, equivocationCodec, isWellFormed, offendersOf } from '../equivocation.ts';
import { ensure, refuseForged } from '../errors.ts';
import { isPunishable, punishEquivocation } from '../slashing.ts';
import { type ActionContext, defineAction } from './action.ts';

type Context = Pick<ActionContext, 'view' | 'height' | 'parameters'>;

/**
 * The validators that evidence convicts if its signatures hold: every check but these. Throws TRANSACTION_INVALID when there are
 * none, or when the evidence is malformed or too old.
 */
function convictedBy(body: Equivocation, { view, height, parameters }: Context): Uint8Array[] {
  ensure(isWellFormed(body), 'the votes are for one block, have no validator in common, or are not in order');
  ensure(
    body.height <= height && body.height + parameters.unbondingBlocks > height,
    'the height of the votes is in the future or older than the unbonding time',
  );
  const offenders = offendersOf(body).filter((key) => isPunishable(view, key, body.height));
  ensure(offenders.length > 0, 'the validators do not exist or have already been removed');
  const known = body.keys.filter((key) => validators.bucket.has(view, key)).length;
  ensure(2 * known >= body.keys.length, 'most of its keys are not those of validators');
  return offenders;
}

/**
 * Reports votes for different blocks in the same step, single ones or aggregates. Each validator in both loses a part of its
 * pool and of what has been withdrawn from it since, and is removed permanently. The proof is its own authorisation: anybody
 * who has seen both votes can submit it, without a fee and without a reward.
 */
export const evidence = defineAction({
  type: 10,
  free: true,
  codec: equivocationCodec,
  legs: () => ({ deposit: 0n, release: 0n }),
  signers: () => [],
  claims: offendersOf,
  apply(body, context) {
    const offenders = convictedBy(body, context);
    if (!context.proves(body, context.parameters.chainId))
      refuseForged('a vote is not signed by its validator');
    punishEquivocation(context, offenders, body.height);
  },
});
