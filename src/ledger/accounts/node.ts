import { type ReadView, rawBytes, type WriteView } from '#store';
import { amount, type Decoded, integer, list, struct } from '../codec/index.ts';
import { ensure } from '../errors.ts';
import { accountKind } from '../state/buckets.ts';
import { addressCodec } from './shapes.ts';

/** A node that serves models: its bond, where it is paid, and what it has earned. */
const nodeCodec = struct({
  payout: addressCodec,
  bond: amount,
  /** Counts the actions it signed, and the withdrawals of its bond. */
  sequence: integer(),
  withdrawn: integer(),
  /** Sparks of the bond on their way back. */
  leaving: amount,
  /** Settlements of that epoch: what is left of them for the node, and what was burned. */
  epoch: integer(),
  earned: amount,
  burned: amount,
  /** Of former epochs, free to be paid out. */
  payable: amount,
  /** Parts of former epochs' earnings that wait for the end of their challenge time. */
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

/** A node that nothing has happened to yet. */
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

export function nodeOf(view: ReadView, id: Uint8Array): ServiceNode {
  const node = nodes.bucket.get(view, id);
  ensure(node !== undefined, 'the node is not registered');
  return node;
}

/** Writes a node, or removes it where nothing is left of it. */
export function keepNode(view: WriteView, id: Uint8Array, node: ServiceNode): void {
  const isEmpty = node.bond + node.leaving + node.earned + node.burned + node.payable + heldBy(node) === 0n;
  if (isEmpty) nodes.bucket.delete(view, id);
  else nodes.bucket.put(view, id, node);
}

/** A node that an escrow may pay: one with a bond to lose. */
export function requireServing(view: ReadView, id: Uint8Array): void {
  ensure(nodeOf(view, id).bond > 0n, 'the node has taken out its bond');
}
