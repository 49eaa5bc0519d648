import { toHex } from '#base';
import { escrows, key, MAX_ALLOTMENTS, oneTimeCodec, requireServing, schedule } from '../accounts/index.ts';
import { amount, integer, list, struct } from '../codec/index.ts';
import { WHOLE } from '../constants.ts';
import { ensure } from '../errors.ts';
import { defineAction, requireOneTime } from './action.ts';

/**
 * Locks money for a session, with a cap for each node that is to be paid from it. Caps are disjoint parts of the value, so one
 * node's claim cannot use up another's; what no cap covers is the reserve. The session key names the escrow and must be new.
 */
export const escrowOpen = defineAction({
  type: 6,
  codec: struct({
    /** The session key. */
    escrow: key,
    /** For nodes. */
    value: amount,
    /** For the fees of the escrow's own transactions; refunded at the end. */
    deposit: amount,
    /** The last height of service. */
    deadline: integer(),
    refund: oneTimeCodec,
    caps: list(struct({ node: key, cap: amount }), MAX_ALLOTMENTS),
  }),
  legs: (body) => ({ deposit: body.value + body.deposit, release: 0n }),
  burden: () => ({ records: 1, dues: 1 }),
  signers: (body) => [body.escrow],
  apply(body, { view, height, parameters, curve }) {
    ensure(!escrows.bucket.has(view, body.escrow), 'the session key has already been used: take a new one');
    ensure(body.value >= parameters.leastEscrow, 'the escrow is too small', {
      least: parameters.leastEscrow,
    });
    ensure(
      body.deposit * BigInt(WHOLE) >= body.value * BigInt(parameters.escrowDeposit),
      'the deposit is too small',
    );
    ensure(
      body.deadline > height && body.deadline <= height + parameters.maxEscrowBlocks,
      'the deadline is not a height that an escrow can have',
    );
    requireOneTime(body.refund, curve);
    const seen = new Set<string>();
    let capped = 0n;
    for (const { node, cap } of body.caps) {
      requireServing(view, node);
      seen.add(toHex(node));
      capped += cap;
    }
    ensure(seen.size === body.caps.length, 'a node has two caps');
    ensure(capped <= body.value, 'the caps are more than the value');
    escrows.bucket.put(view, body.escrow, {
      balance: body.value,
      deposit: body.deposit,
      deadline: body.deadline,
      refund: body.refund,
      closed: 0,
      sequence: 0,
      allotments: body.caps.map(({ node, cap }) => ({
        node,
        cap,
        settled: 0n,
        nextCap: 0n,
        nextCapAt: 0,
      })),
    });
    schedule(view, 'escrow', body.deadline + parameters.settlementWindow, body.escrow);
  },
});
