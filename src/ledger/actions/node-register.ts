import { addressCodec, key, NEW_NODE, nodes, oneTimeCodec, withdraw } from '../accounts/index.ts';
import { amount, integer, struct } from '../codec/index.ts';
import { ensure } from '../errors.ts';
import { defineAction, requireAddress, requireOneTime } from './action.ts';

/** Registers a serving node, changes its payout address, adds to its bond or withdraws from it. */
export const nodeRegister = defineAction({
  type: 11,
  codec: struct({
    node: key,
    payout: addressCodec,
    deposit: amount,
    /** Paid to `refund` after the unbonding time; slashable until then. */
    withdraw: amount,
    refund: oneTimeCodec,
    sequence: integer(),
    /** In sparks, paid from the bond. */
    fee: amount,
  }),
  legs: (body) => ({ deposit: body.deposit, release: body.fee }),
  burden: ({ deposit, withdraw }) => ({
    records: Number(deposit > 0n) + Number(withdraw > 0n),
    dues: Number(withdraw > 0n),
  }),
  signers: (body) => [body.node],
  apply(body, { view, height, parameters, curve }) {
    const known = nodes.bucket.get(view, body.node);
    const node = known ?? { ...NEW_NODE, payout: body.payout };
    ensure(node.sequence === body.sequence, 'the sequence is not the next one of the node');
    const bond = node.bond + body.deposit - body.withdraw - body.fee;
    const leaves = known !== undefined && body.withdraw > 0n && bond === 0n;
    ensure(leaves || bond >= parameters.leastServiceBond, 'the bond is too small', {
      least: parameters.leastServiceBond,
    });
    requireAddress(body.payout, curve);
    requireOneTime(body.refund, curve);
    nodes.bucket.put(view, body.node, {
      ...node,
      payout: body.payout,
      bond,
      sequence: node.sequence + 1,
      withdrawn: node.withdrawn + (body.withdraw > 0n ? 1 : 0),
      leaving: node.leaving + body.withdraw,
    });
    if (body.withdraw > 0n) {
      const due = height + parameters.unbondingBlocks;
      withdraw(view, ['node', body.node, node.withdrawn], {
        amount: body.withdraw,
        begun: height,
        due,
        borne: 0,
        owner: body.node,
        refund: body.refund,
      });
    }
  },
});
