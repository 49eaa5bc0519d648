import { equalBytes, toHex } from '#base';
import {
  type Allotment,
  capAt,
  escrowSigned,
  escrows,
  key,
  MAX_ALLOTMENTS,
  requireServing,
  reserve,
} from '../accounts/index.ts';
import { amount, byteOf, integer, list, struct } from '../codec/index.ts';
import { ensure } from '../errors.ts';
import { defineAction } from './action.ts';

/**
 * Changes caps. The session key alone may raise one or add a node, out of the reserve. To lower one it takes that
 * node's signature (`consent`), and then holds at once; or the silence window, in which the node can settle its
 * last receipt: a stage that died cannot hold the money for ever, one that lives cannot lose what it earned.
 */
export const escrowAmend = defineAction({
  type: 7,
  codec: struct({
    escrow: key,
    /** Of the escrow that is meant. */
    deadline: integer(),
    sequence: integer(),
    changes: list(struct({ node: key, cap: amount, consent: byteOf(0, 1) }), MAX_ALLOTMENTS, 1),
    /** Out of the escrow's deposit. */
    fee: amount,
  }),
  legs: (body) => ({ deposit: 0n, release: body.fee }),
  signers: (body) => [
    body.escrow,
    ...body.changes.filter((change) => change.consent === 1).map((change) => change.node),
  ],
  apply(body, { view, height, parameters }) {
    const before = escrowSigned(view, body.escrow, body.deadline);
    ensure(before.sequence === body.sequence, 'not the next sequence of the escrow');
    ensure(height <= before.deadline, 'the deadline is over');
    ensure(body.fee <= before.deposit, 'the fee is more than the deposit');
    const changed = new Set(body.changes.map(({ node }) => toHex(node)));
    ensure(changed.size === body.changes.length, 'a node is changed twice');
    const allotments = [...before.allotments];
    for (const { node, cap, consent } of body.changes) {
      const at = allotments.findIndex((allotment) => equalBytes(allotment.node, node));
      if (at < 0) requireServing(view, node);
      const old = allotments[at] ?? { node, ...NOTHING };
      const updated = withCap(old, cap, consent === 1, height, height + parameters.silenceWindow);
      allotments[at < 0 ? allotments.length : at] = updated;
    }
    ensure(allotments.length <= MAX_ALLOTMENTS, 'too many nodes');
    const after = {
      ...before,
      deposit: before.deposit - body.fee,
      sequence: before.sequence + 1,
      allotments,
    };
    ensure(reserve(after, height) >= 0n, 'the caps are more than the balance');
    escrows.bucket.put(view, body.escrow, after);
  },
});

const NOTHING = { cap: 0n, settled: 0n, nextCap: 0n, nextCapAt: 0 };

function withCap(old: Allotment, cap: bigint, consent: boolean, height: number, later: number): Allotment {
  const current = capAt(old, height);
  ensure(cap >= old.settled, 'the cap is below what is settled');
  if (cap >= current || consent) return { ...old, cap, nextCap: 0n, nextCapAt: 0 };
  return { ...old, cap: current, nextCap: cap, nextCapAt: later };
}
