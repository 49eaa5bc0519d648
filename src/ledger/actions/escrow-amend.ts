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
 * Changes caps. The session key alone can raise a cap or add a node, out of the reserve. Lowering a cap takes effect at once
 * with that node's signature (`consent`), otherwise after the silence window, in which the node can settle its last receipt.
 * So a dead stage cannot lock the money indefinitely, and a live one cannot lose what it earned.
 */
export const escrowAmend = defineAction({
  type: 7,
  codec: struct({
    escrow: key,
    /** Deadline of the escrow, a height: tells apart two escrows of one session key. */
    deadline: integer(),
    sequence: integer(),
    changes: list(struct({ node: key, cap: amount, consent: byteOf(0, 1) }), MAX_ALLOTMENTS, 1),
    /** In sparks, paid from the escrow's deposit. */
    fee: amount,
  }),
  legs: (body) => ({ deposit: 0n, release: body.fee }),
  signers: (body) => [
    body.escrow,
    ...body.changes.filter((change) => change.consent === 1).map((change) => change.node),
  ],
  apply(body, { view, height, parameters }) {
    const before = escrowSigned(view, body.escrow, body.deadline);
    ensure(before.sequence === body.sequence, 'the sequence is not the next one of the escrow');
    ensure(height <= before.deadline, 'the deadline has passed');
    ensure(body.fee <= before.deposit, 'the fee is more than the deposit');
    const changed = new Set(body.changes.map(({ node }) => toHex(node)));
    ensure(changed.size === body.changes.length, 'a node is listed twice');
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
  ensure(cap >= old.settled, 'the cap is below the settled amount');
  if (cap >= current || consent) return { ...old, cap, nextCap: 0n, nextCapAt: 0 };
  return { ...old, cap: current, nextCap: cap, nextCapAt: later };
}
