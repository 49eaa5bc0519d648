import {
  delegations,
  key,
  oneTimeCodec,
  putValidator,
  redeem,
  requireRest,
  validatorOf,
  withdraw,
} from '../accounts/index.ts';
import { amount, integer, struct } from '../codec/index.ts';
import { ALL_SHARES } from '../constants.ts';
import { ensure } from '../errors.ts';
import { defineAction, requireOneTime } from './action.ts';

/** Takes shares out of a pool; their value is refunded privately after the unbonding time. */
export const undelegate = defineAction({
  type: 3,
  codec: struct({
    validator: key,
    delegator: key,
    /** `ALL_SHARES`: all that there are then. */
    shares: amount,
    refund: oneTimeCodec,
    /** Of the delegation: prevents replay. */
    sequence: integer(),
    /** In sparks, paid from the refund. */
    fee: amount,
  }),
  legs: (body) => ({ deposit: 0n, release: body.fee }),
  burden: () => ({ records: 1, dues: 1 }),
  signers: (body) => [body.delegator],
  apply(body, { view, height, parameters, curve }) {
    const own = delegations.bucket.get(view, [body.validator, body.delegator]);
    ensure(own?.sequence === body.sequence, 'the sequence is not the next one of the delegation');
    const shares = body.shares === ALL_SHARES ? own.shares : body.shares;
    const worth = redeem(view, body.validator, body.delegator, shares, 1);
    const amount = worth - body.fee;
    ensure(amount > 0n, 'the fee is more than the shares are worth');
    requireRest(view, body.validator, body.delegator);
    requireOneTime(body.refund, curve);
    const validator = validatorOf(view, body.validator);
    const due = height + parameters.unbondingBlocks;
    const { delegator: owner, refund } = body;
    const number = validator.withdrawn;
    const record = { amount, begun: height, due, borne: validator.slashed, owner, refund };
    withdraw(view, ['validator', body.validator, number], record);
    putValidator(view, body.validator, {
      ...validator,
      withdrawn: number + 1,
      leaving: validator.leaving + amount,
    });
  },
});
