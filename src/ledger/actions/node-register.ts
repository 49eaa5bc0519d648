import { addressCodec, key, nodes, oneTimeCodec, withdraw } from '../accounts/index.ts';
import { amount, integer, struct } from '../codec/index.ts';
import { require } from '../errors.ts';
import { defineAction, requireAddress, requireOneTime } from './action.ts';

/** Registers a serving node, changes where it is paid, adds to its bond or takes out of it. */
export const nodeRegister = defineAction({
  type: 11,
  codec: struct({
    node: key,
    payout: addressCodec,
    deposit: amount,
    /** Comes back to `refund` after the unbonding time; slashable until then. */
    withdraw: amount,
    refund: oneTimeCodec,
    sequence: integer(),
    /** Out of the bond. */
    fee: amount,
  }),
  legs: (body) => ({ deposit: body.deposit, release: body.fee }),
  signers: (body) => [body.node],
  apply(body, { view, height, parameters, curve }) {
    const known = nodes.bucket.get(view, body.node);
    const node = known ?? { ...NEW, payout: body.payout };
    require(node.sequence === body.sequence, 'not the next sequence of the node');
    requireAddress(body.payout, curve);
    requireOneTime(body.refund, curve);
    const bond = node.bond + body.deposit - body.withdraw - body.fee;
    const leaves = known !== undefined && bond === 0n;
    require(leaves || bond >= parameters.leastServiceBond, 'the bond is too small', {
      least: parameters.leastServiceBond,
    });
    nodes.bucket.put(view, body.node, {
      ...node,
      payout: body.payout,
      bond,
      sequence: node.sequence + 1,
      withdrawn: node.withdrawn + (body.withdraw > 0n ? 1 : 0),
    });
    if (body.withdraw > 0n) {
      const due = height + parameters.unbondingBlocks;
      withdraw(view, ['node', body.node, node.withdrawn], {
        amount: body.withdraw,
        due,
        refund: body.refund,
      });
    }
  },
});

const NEW = { bond: 0n, sequence: 0, withdrawn: 0, earned: 0n, burned: 0n, held: [] };
