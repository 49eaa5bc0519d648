import { equalBytes } from '#base';
import { type ReadView, rawBytes } from '#store';
import { amount, byteOf, type Decoded, integer, list, struct } from '../codec/index.ts';
import { ensure } from '../errors.ts';
import { accountKind } from '../state/buckets.ts';
import { key, oneTimeCodec } from './shapes.ts';

/** Nodes that one escrow pays, at most. */
export const MAX_ALLOTMENTS = 64;

const allotmentCodec = struct({
  node: key,
  /** The most that this node can be paid out of the escrow. */
  cap: amount,
  settled: amount,
  /** A cut without the node's consent: the cap from this height on; height 0 says there is none. */
  nextCap: amount,
  nextCapAt: integer(),
});

export type Allotment = Decoded<typeof allotmentCodec>;

const escrowCodec = struct({
  /** What is neither paid out nor deposit. */
  balance: amount,
  /** Comes back at the end; pays the fees of the escrow's own transactions. */
  deposit: amount,
  /** The last height of service. */
  deadline: integer(),
  refund: oneTimeCodec,
  /** 1 once it is ended: it stays until its window is over, so that its session key opens no other in that time. */
  closed: byteOf(0, 1),
  sequence: integer(),
  allotments: list(allotmentCodec, MAX_ALLOTMENTS),
});

export type Escrow = Decoded<typeof escrowCodec>;

/** By session key. */
export const escrows = accountKind(7, rawBytes, escrowCodec, ({ balance, deposit }) => balance + deposit);

export function escrowOf(view: ReadView, id: Uint8Array): Escrow {
  const escrow = escrows.bucket.get(view, id);
  ensure(escrow?.closed === 0, 'no such escrow');
  return escrow;
}

/**
 * The escrow that something was signed for. A session key can name another one when the mark of the first is gone, and that
 * one ends later: what was signed for the first and never sent is worth nothing to the second.
 */
export function escrowSigned(view: ReadView, id: Uint8Array, deadline: number): Escrow {
  const escrow = escrowOf(view, id);
  ensure(escrow.deadline === deadline, 'it was signed for another escrow of this session key');
  return escrow;
}

export const allotmentOf = (escrow: Escrow, node: Uint8Array): Allotment | undefined =>
  escrow.allotments.find((allotment) => equalBytes(allotment.node, node));

/** The cap that holds at a height; a cut never goes below what is settled. */
export function capAt({ cap, settled, nextCap, nextCapAt }: Allotment, height: number): bigint {
  if (nextCapAt === 0 || height < nextCapAt) return cap;
  return nextCap > settled ? nextCap : settled;
}

/** Receipts count up to the end of the settlement window, however long the remainder then waits for its turn. */
export function requireOpen({ deadline }: Escrow, height: number, settlementWindow: number): void {
  ensure(height <= deadline + settlementWindow, 'the settlement window is over');
}

/** What can still be claimed out of the balance. */
export const committed = (escrow: Escrow, height: number): bigint =>
  escrow.allotments.reduce((sum, allotment) => sum + capAt(allotment, height) - allotment.settled, 0n);

/** What is assigned to no node: a stage that joins later is given its cap out of this. */
export const reserve = (escrow: Escrow, height: number): bigint => escrow.balance - committed(escrow, height);
