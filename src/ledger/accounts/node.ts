import { type ReadView, rawBytes } from '#store';
import { amount, type Decoded, integer, list, struct } from '../codec/index.ts';
import { require } from '../errors.ts';
import { accountKind } from '../state/buckets.ts';
import { addressCodec } from './shapes.ts';

/** A node that serves models: its bond, where it is paid, and what it has earned. */
const nodeCodec = struct({
  payout: addressCodec,
  bond: amount,
  /** Counts the actions it signed, and the withdrawals of its bond. */
  sequence: integer(),
  withdrawn: integer(),
  /** This epoch's settlements: what is left of them for the node, and what was burned. */
  earned: amount,
  burned: amount,
  /** Parts of former epochs' earnings that wait for the end of their challenge time. */
  held: list(struct({ epoch: integer(), amount }), 65),
});

export type ServiceNode = Decoded<typeof nodeCodec>;

/** By the node's Ed25519 key. */
export const nodes = accountKind(6, rawBytes, nodeCodec, ({ bond, earned, held }) =>
  held.reduce((sum, part) => sum + part.amount, bond + earned),
);

export function nodeOf(view: ReadView, id: Uint8Array): ServiceNode {
  const node = nodes.bucket.get(view, id);
  require(node !== undefined, 'the node is not registered');
  return node;
}

/** A node that an escrow may pay: one with a bond to lose. */
export function requireServing(view: ReadView, id: Uint8Array): void {
  require(nodeOf(view, id).bond > 0n, 'the node has taken out its bond');
}
