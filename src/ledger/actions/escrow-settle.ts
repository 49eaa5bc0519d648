import { equalBytes, toHex } from '#base';
import {
  type Allotment,
  allotmentOf,
  capAt,
  type Escrow,
  earn,
  escrowOf,
  escrows,
  key,
  requireOpen,
} from '../accounts/index.ts';
import { amount, fixed, integer, list, struct } from '../codec/index.ts';
import { SIGNATURE_BYTES, WHOLE } from '../constants.ts';
import { ensure } from '../errors.ts';
import { isSigned } from '../escrow/receipt.ts';
import { type ActionContext, defineAction } from './action.ts';

/** Receipts that one transaction settles, at most. */
const MAX_RECEIPTS = 256;

const claimCodec = struct({
  escrow: key,
  sequence: integer(1),
  tokensIn: integer(),
  tokensOut: integer(),
  amount,
  transcript: fixed(32),
  /** By the session key. */
  signature: fixed(SIGNATURE_BYTES),
});

/**
 * Turns a node's last receipts into earnings, paid at the end of the epoch. Receipts are cumulative: one that adds nothing to
 * the settled amount is refused, whatever its sequence, and the cap bounds the total.
 */
export const escrowSettle = defineAction({
  type: 8,
  codec: struct({
    node: key,
    claims: list(claimCodec, MAX_RECEIPTS, 1),
    /** In sparks, paid from the node's earnings. */
    fee: amount,
  }),
  legs: (body) => ({ deposit: 0n, release: body.fee }),
  // One payment at the end of the epoch, and one later for the amount held back.
  burden: () => ({ dues: 2 }),
  signers: (body) => [body.node],
  apply(body, context) {
    const { view, parameters, burn } = context;
    const paid = new Set(body.claims.map(({ escrow }) => toHex(escrow)));
    ensure(paid.size === body.claims.length, 'two receipts of one escrow: the later one covers both');
    let settled = 0n;
    for (const claim of body.claims) settled += settle(body.node, claim, context);
    const burned = (settled * BigInt(parameters.settlementBurn)) / BigInt(WHOLE);
    burn(burned);
    earn(context, body.node, { paid: settled - burned, burned, fee: body.fee });
    for (const { signature, ...claim } of body.claims) {
      const { deadline } = escrowOf(view, claim.escrow);
      const statement = { chainId: parameters.chainId, node: body.node, deadline, ...claim };
      ensure(isSigned({ statement, signature }), 'a receipt is not signed by its session key');
    }
  },
});

interface Claim {
  readonly escrow: Uint8Array;
  readonly amount: bigint;
}

/** Marks one receipt as settled. Returns the sparks that it adds to earlier receipts. */
function settle(node: Uint8Array, claim: Claim, { view, height, parameters }: ActionContext): bigint {
  const escrow: Escrow = escrowOf(view, claim.escrow);
  requireOpen(escrow, height, parameters.settlementWindow);
  const allotment = allotmentOf(escrow, node);
  ensure(allotment !== undefined, 'the escrow has no cap for the node');
  const added = claim.amount - allotment.settled;
  ensure(added > 0n, 'the receipt adds nothing to the settled amount');
  ensure(claim.amount <= capAt(allotment, height), 'the receipt is over the cap', {
    cap: capAt(allotment, height),
  });
  const updated: Allotment = { ...allotment, settled: claim.amount };
  escrows.bucket.put(view, claim.escrow, {
    ...escrow,
    balance: escrow.balance - added,
    allotments: escrow.allotments.map((old) => (equalBytes(old.node, node) ? updated : old)),
  });
  return added;
}
