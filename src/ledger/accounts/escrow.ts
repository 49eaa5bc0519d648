import { equalBytes } from '#base';
import { type ReadView, rawBytes } from '#store';
import { accountKind } from '../buckets.ts';
import { amount, byteOf, type Decoded, integer, list, struct } from '../codec/index.ts';
import { ensure } from '../errors.ts';
import { key, oneTimeCodec } from './shapes.ts';

/** Maximum nodes per escrow. */
export const MAX_ALLOTMENTS = 64;

const allotmentCodec = struct({
  node: key,
  /** Maximum total that this node can be paid from the escrow. */
  cap: amount,
  settled: amount,
  /** A pending cut without the node's consent: the cap from height `nextCapAt` on; no cut if that is 0. */
  nextCap: amount,
  nextCapAt: integer(),
});

export type Allotment = Decoded<typeof allotmentCodec>;

const escrowCodec = struct({
  /** Value that is not paid out yet, without the deposit. */
  balance: amount,
  /** Pays the fees of the escrow's own transactions; refunded at the end. */
  deposit: amount,
  /** The last height of service. */
  deadline: integer(),
  refund: oneTimeCodec,
  /** 1 once closed: the record stays until the settlement window ends, so that the session key cannot be reused before. */
  closed: byteOf(0, 1),
  sequence: integer(),
  allotments: list(allotmentCodec, MAX_ALLOTMENTS),
});

export type Escrow = Decoded<typeof escrowCodec>;

/** By session key. */
export const escrows = accountKind(7, rawBytes, escrowCodec, ({ balance, deposit }) => balance + deposit);

/** An open escrow. Throws TRANSACTION_INVALID when there is none. */
export function escrowOf(view: ReadView, id: Uint8Array): Escrow {
  const escrow = escrows.bucket.get(view, id);
  ensure(escrow?.closed === 0, 'no such escrow');
  return escrow;
}

/**
 * The escrow that a message was signed for. A session key can open another escrow after the record of the first is removed; its
 * deadline differs, so a message signed for the first is not valid for the second. Throws TRANSACTION_INVALID.
 */
export function escrowSigned(view: ReadView, id: Uint8Array, deadline: number): Escrow {
  const escrow = escrowOf(view, id);
  ensure(escrow.deadline === deadline, 'it was signed for another escrow of this session key');
  return escrow;
}

export const allotmentOf = (escrow: Escrow, node: Uint8Array): Allotment | undefined =>
  escrow.allotments.find((allotment) => equalBytes(allotment.node, node));

/** The cap in effect at a height; a cut never goes below the settled amount. */
export function capAt({ cap, settled, nextCap, nextCapAt }: Allotment, height: number): bigint {
  if (nextCapAt === 0 || height < nextCapAt) return cap;
  return nextCap > settled ? nextCap : settled;
}

/** Receipts are accepted until the settlement window ends, even if the refund waits longer. Throws TRANSACTION_INVALID. */
export function requireOpen({ deadline }: Escrow, height: number, settlementWindow: number): void {
  ensure(height <= deadline + settlementWindow, 'the settlement window is over');
}

/** Sparks of the balance that nodes can still claim. */
const committed = (escrow: Escrow, height: number): bigint =>
  escrow.allotments.reduce((sum, allotment) => sum + capAt(allotment, height) - allotment.settled, 0n);

/** Sparks not assigned to any node: caps of stages that join later come from it. */
export const reserve = (escrow: Escrow, height: number): bigint => escrow.balance - committed(escrow, height);
