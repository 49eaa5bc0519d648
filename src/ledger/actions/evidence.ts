import { validators } from '../accounts/index.ts';
import { equivocationCodec, isProven, isWellFormed, offendersOf } from '../equivocation.ts';
import { ensure, refuseForged } from '../errors.ts';
import { isPunishable, punishEquivocation } from '../state/slashing.ts';
import { defineAction } from './action.ts';

/**
 * Votes for different blocks in the same step, single ones or whole aggregates. Each validator that is in both loses a part of
 * its pool and of what has been withdrawn from it since, and is out for ever. The proof is its own authorisation: whoever has
 * seen both votes can hand it in, without money, and nobody is paid for it.
 */
export const evidence = defineAction({
  type: 10,
  free: true,
  codec: equivocationCodec,
  legs: () => ({ deposit: 0n, release: 0n }),
  signers: () => [],
  claims: offendersOf,
  apply(body, context) {
    const { view, height, parameters } = context;
    ensure(isWellFormed(body), 'the votes agree, are of different validators, or are not in order');
    ensure(body.height <= height && body.height + parameters.unbondingBlocks > height, 'too old, or not yet');
    const offenders = offendersOf(body).filter((key) => {
      const validator = validators.bucket.get(view, key);
      return validator !== undefined && isPunishable(validator, body.height);
    });
    ensure(offenders.length > 0, 'no such validators, or they are out already');
    if (!isProven(body, parameters.chainId)) refuseForged('a vote is not signed by its validator');
    punishEquivocation(context, offenders, body.height);
  },
});
