import { type ReadView, rawBytes, type WriteView } from '#store';
import { accountKind } from '../buckets.ts';
import { amount, type Decoded, integer, list, struct } from '../codec/index.ts';
import { ensure } from '../errors.ts';
import { addressCodec } from './shapes.ts';

/** A node that serves models: its bond, payout address and earnings. Amounts are in sparks. */
const nodeCodec = struct({
  payout: addressCodec,
  bond: amount,
  /** Number of actions that it signed, and of withdrawals from its bond. */
  sequence: integer(),
  withdrawn: integer(),
  /** Bond in pending withdrawals. */
  leaving: amount,
  /** Settlements of `epoch`: the node's part of them, and the burned part. */
  epoch: integer(),
  earned: amount,
  burned: amount,
  /** From earlier epochs, ready to be paid out. */
  payable: amount,
  /** Earnings held back until the end of the given epoch, the challenge time. */
  held: list(struct({ epoch: integer(), amount }), 65),
});

export type ServiceNode = Decoded<typeof nodeCodec>;

const heldBy = ({ held }: ServiceNode): bigint => held.reduce((sum, part) => sum + part.amount, 0n);

/** By the node's Ed25519 key. */
export const nodes = accountKind(
  6,
  rawBytes,
  nodeCodec,
  (node) => node.bond + node.earned + node.payable + heldBy(node),
);

/** Initial record of a node, without its payout address. */
export const NEW_NODE = {
  bond: 0n,
  sequence: 0,
  withdrawn: 0,
  leaving: 0n,
  epoch: 0,
  earned: 0n,
  burned: 0n,
  payable: 0n,
  held: [],
} as const;

/** Throws TRANSACTION_INVALID when the node is not registered. */
export function nodeOf(view: ReadView, id: Uint8Array): ServiceNode {
  const node = nodes.bucket.get(view, id);
  ensure(node !== undefined, 'the node is not registered');
  return node;
}

/** Writes a node, or deletes it if it holds nothing and nothing is pending. */
export function keepNode(view: WriteView, id: Uint8Array, node: ServiceNode): void {
  const isEmpty = node.bond + node.leaving + node.earned + node.burned + node.payable + heldBy(node) === 0n;
  if (isEmpty) nodes.bucket.delete(view, id);
  else nodes.bucket.put(view, id, node);
}

/** Checks that an escrow may pay the node, which needs a bond. Throws TRANSACTION_INVALID. */
export function requireServing(view: ReadView, id: Uint8Array): void {
  ensure(nodeOf(view, id).bond > 0n, 'the node has withdrawn its bond');
}
