import { delegate as addTokens, key } from '../accounts/index.ts';
import { amount, struct } from '../codec/index.ts';
import { ensure } from '../errors.ts';
import { defineAction } from './action.ts';

/** Adds to a validator's pool. Needs no signature: giving shares to somebody does no harm. */
export const delegate = defineAction({
  type: 2,
  codec: struct({ validator: key, delegator: key, amount }),
  legs: (body) => ({ deposit: body.amount, release: 0n }),
  burden: () => ({ records: 1 }),
  signers: () => [],
  apply(body, { view, parameters }) {
    ensure(body.amount >= parameters.leastDelegation, 'the delegation is too small', {
      least: parameters.leastDelegation,
    });
    addTokens(view, body.validator, body.delegator, body.amount);
  },
});
