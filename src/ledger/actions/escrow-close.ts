import { equalBytes } from '#base';
import {
  allotmentOf,
  capAt,
  earn,
  escrowOf,
  escrowSigned,
  escrows,
  key,
  MAX_ALLOTMENTS,
  requireOpen,
  schedule,
} from '../accounts/index.ts';
import { amount, integer, list, struct } from '../codec/index.ts';
import { WHOLE } from '../constants.ts';
import { ensure } from '../errors.ts';
import { defineAction } from './action.ts';

/**
 * Closes an escrow early by agreement: the session key signs, and so does every node that could still claim money. The
 * remainder is refunded at once; without agreement it is refunded when the settlement window ends.
 */
export const escrowClose = defineAction({
  type: 9,
  codec: struct({
    escrow: key,
    /** Deadline of the escrow, a height: tells apart two escrows of one session key. */
    deadline: integer(),
    /** Total amount for each node that is owed more than it has settled. */
    finals: list(struct({ node: key, amount }), MAX_ALLOTMENTS),
    /** In sparks, paid from the remainder. */
    fee: amount,
  }),
  legs: (body) => ({ deposit: 0n, release: body.fee }),
  burden: ({ finals }) => ({ dues: 1 + 2 * finals.length }),
  signers: (body) => [body.escrow],
  consenters: (body, view, height) =>
    escrowOf(view, body.escrow)
      .allotments.filter((allotment) => capAt(allotment, height) > allotment.settled)
      .map((allotment) => allotment.node),
  apply(body, context) {
    const { view, height, parameters, burn } = context;
    const escrow = escrowSigned(view, body.escrow, body.deadline);
    requireOpen(escrow, height, parameters.settlementWindow);
    let { balance } = escrow;
    for (const [i, { node, amount }] of body.finals.entries()) {
      const allotment = allotmentOf(escrow, node);
      ensure(allotment !== undefined, 'the escrow has no cap for a node that is paid');
      ensure(
        !body.finals.slice(0, i).some((other) => equalBytes(other.node, node)),
        'a node is listed twice',
      );
      const paid = amount - allotment.settled;
      ensure(
        paid > 0n && amount <= capAt(allotment, height),
        'the amount is not between the settled amount and the cap',
      );
      const burned = (paid * BigInt(parameters.settlementBurn)) / BigInt(WHOLE);
      earn(context, node, { paid: paid - burned, burned, fee: 0n });
      burn(burned);
      balance -= paid;
    }
    const remainder = balance + escrow.deposit - body.fee;
    ensure(remainder >= 0n, 'the fee is more than the remainder');
    // The remainder waits in the same queue as all refunds.
    const ended = { balance: 0n, deposit: remainder, allotments: [], closed: 1 as const };
    escrows.bucket.put(view, body.escrow, { ...escrow, ...ended });
    schedule(view, 'escrow', height, body.escrow);
  },
});
