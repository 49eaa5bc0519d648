import { addressCodec, delegate, key, putValidator, UNTRIED, validators } from '../accounts/index.ts';
import { amount, integer, struct } from '../codec/index.ts';
import { WHOLE } from '../constants.ts';
import { ensure } from '../errors.ts';
import { defineAction, requireAddress } from './action.ts';

/** Creates a validator with a first delegation by its owner. Both keys sign, so that nobody can register another's key. */
export const bond = defineAction({
  type: 1,
  codec: struct({
    /** Consensus key. */
    validator: key,
    owner: key,
    payout: addressCodec,
    commission: integer(0, WHOLE),
    amount,
  }),
  legs: (body) => ({ deposit: body.amount, release: 0n }),
  burden: () => ({ records: 2 }),
  signers: (body) => [body.validator, body.owner],
  apply(body, { view, parameters, curve }) {
    ensure(body.amount >= parameters.leastBond, 'the bond is too small', { least: parameters.leastBond });
    ensure(!validators.bucket.has(view, body.validator), 'the validator already exists: delegate to it');
    requireAddress(body.payout, curve);
    const { owner, payout, commission } = body;
    putValidator(view, body.validator, { owner, payout, commission, ...UNTRIED });
    delegate(view, body.validator, body.owner, body.amount);
  },
});
