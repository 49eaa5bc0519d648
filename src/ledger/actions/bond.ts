import { addressCodec, delegate, key, putValidator, UNTRIED, validators } from '../accounts/index.ts';
import { amount, integer, struct } from '../codec/index.ts';
import { WHOLE } from '../constants.ts';
import { ensure } from '../errors.ts';
import { defineAction, requireAddress } from './action.ts';

/** Makes a validator, with a first delegation of its owner's. Both keys sign: nobody can take another's key. */
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
    ensure(!validators.bucket.has(view, body.validator), 'the validator exists: delegate to it');
    requireAddress(body.payout, curve);
    const { owner, payout, commission } = body;
    putValidator(view, body.validator, { owner, payout, commission, ...UNTRIED });
    delegate(view, body.validator, body.owner, body.amount);
  },
});
