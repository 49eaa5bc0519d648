import { toHex } from '#base';
import {
  type Allotment,
  allotmentOf,
  capAt,
  type Escrow,
  earn,
  escrowSigned,
  escrows,
  key,
  requireOpen,
} from '../accounts/index.ts';
import { amount, type Decoded, fixed, integer, list, struct } from '../codec/index.ts';
import { SIGNATURE_BYTES, WHOLE } from '../constants.ts';
import { ensure, refuseForged } from '../errors.ts';
import { areSigned } from '../escrow/receipt.ts';
import { type ActionContext, defineAction } from './action.ts';

/** Receipts that one transaction settles, at most. */
const MAX_RECEIPTS = 256;

const claimCodec = struct({
  escrow: key,
  /** Deadline of the escrow, a height: tells apart two escrows of one session key. */
  deadline: integer(),
  sequence: integer(1),
  tokensIn: integer(),
  tokensOut: integer(),
  amount,
  transcript: fixed(32),
  /** By the session key. */
  signature: fixed(SIGNATURE_BYTES),
});

type Claim = Decoded<typeof claimCodec>;

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
  // Each claim rewrites an escrow; one payment at the end of the epoch, and one later for the amount held back.
  burden: ({ claims }) => ({ records: claims.length, dues: 2 }),
  signers: (body) => [body.node],
  apply(body, context) {
    const { view, parameters, burn } = context;
    const { node, claims } = body;
    const paid = new Set(claims.map(({ escrow }) => toHex(escrow)));
    ensure(paid.size === claims.length, 'two receipts of one escrow: the later one covers both');
    const settlements = claims.map((claim) => settlementOf(node, claim, context));
    const settled = settlements.reduce((sum, { added }) => sum + added, 0n);
    const burned = (settled * BigInt(parameters.settlementBurn)) / BigInt(WHOLE);
    burn(burned);
    earn(context, node, { paid: settled - burned, burned, fee: body.fee });
    // Last and all at once. What they sign is in the body, so a false one is the sender's.
    const receipts = claims.map(({ signature, ...claim }) => ({
      statement: { chainId: parameters.chainId, node, ...claim },
      signature,
    }));
    if (!areSigned(receipts)) refuseForged('a receipt is not signed by its session key');
    for (const { id, escrow } of settlements) escrows.bucket.put(view, id, escrow);
  },
});

/** The escrow with a receipt settled, and the sparks that it adds to earlier receipts. */
function settlementOf(
  node: Uint8Array,
  claim: Claim,
  { view, height, parameters }: ActionContext,
): { readonly id: Uint8Array; readonly escrow: Escrow; readonly added: bigint } {
  const escrow = escrowSigned(view, claim.escrow, claim.deadline);
  requireOpen(escrow, height, parameters.settlementWindow);
  const allotment = allotmentOf(escrow, node);
  ensure(allotment !== undefined, 'the escrow has no cap for the node');
  const added = claim.amount - allotment.settled;
  ensure(added > 0n, 'the receipt adds nothing to the settled amount');
  ensure(claim.amount <= capAt(allotment, height), 'the receipt is over the cap', {
    cap: capAt(allotment, height),
  });
  const updated: Allotment = { ...allotment, settled: claim.amount };
  const allotments = escrow.allotments.map((old) => (old === allotment ? updated : old));
  return { id: claim.escrow, escrow: { ...escrow, balance: escrow.balance - added, allotments }, added };
}
