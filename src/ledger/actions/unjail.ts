import { key, putValidator, redeem, sharesWorth, validatorOf } from '../accounts/index.ts';
import { amount, integer, struct } from '../codec/index.ts';
import { ensure } from '../errors.ts';
import { defineAction } from './action.ts';

/** Releases a validator from jail once its term is over. The fee is paid from the owner's own delegation. */
export const unjail = defineAction({
  type: 5,
  codec: struct({ validator: key, sequence: integer(), fee: amount }),
  legs: (body) => ({ deposit: 0n, release: body.fee }),
  signers: () => [],
  consenters: (body, view) => [validatorOf(view, body.validator).owner],
  apply(body, { view, height, burn }) {
    const before = validatorOf(view, body.validator);
    ensure(before.sequence === body.sequence, 'the sequence is not the next one of the validator');
    ensure(before.tombstoned === 0, 'the validator has been removed permanently');
    ensure(
      before.jailedUntil > 0 && height >= before.jailedUntil,
      'the validator is not in jail, or its jail term is not over',
      {
        until: before.jailedUntil,
      },
    );
    if (body.fee > 0n) {
      const paid = redeem(view, body.validator, before.owner, sharesWorth(before, body.fee), 0);
      burn(paid - body.fee);
    }
    const after = validatorOf(view, body.validator);
    putValidator(view, body.validator, { ...after, jailedUntil: 0, sequence: body.sequence + 1 });
  },
});
