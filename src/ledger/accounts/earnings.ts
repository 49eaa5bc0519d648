import type { WriteView } from '#store';
import { accountKind, SINGLE } from '../buckets.ts';
import { amount, integer, struct } from '../codec/index.ts';
import { WHOLE } from '../constants.ts';
import { ensure } from '../errors.ts';
import type { Parameters } from '../parameters.ts';
import { schedule } from './due.ts';
import { nodeOf, nodes, type ServiceNode } from './node.ts';

const workCodec = struct({
  /** Sparks burned by settlements in the current epoch. */
  burned: amount,
  /** The last complete epoch: its number, the sparks its settlements burned, and the reward that nodes share. */
  epoch: integer(),
  base: amount,
  reward: amount,
  /** Rest of the reward that no node has claimed yet. */
  left: amount,
});

/** Burned amounts that determine the shares of the work reward. */
export const workRecord = accountKind(11, SINGLE, workCodec, ({ left }) => left);

export const NO_WORK = { burned: 0n, epoch: 0, base: 0n, reward: 0n, left: 0n } as const;

/** Epoch of a block, counted from 1. The last block of epoch e has height e · `epochBlocks`. */
export const epochOf = (height: number, { epochBlocks }: Parameters): number =>
  Math.ceil(height / epochBlocks);

/** State, height and parameters at which something is earned. */
interface Moment {
  readonly view: WriteView;
  readonly height: number;
  readonly parameters: Parameters;
}

/**
 * Adds to a node's earnings of the epoch, less a fee. They are paid when the epoch has ended. Amounts are in sparks. Throws
 * TRANSACTION_INVALID when the fee is more than the earnings.
 */
export function earn(
  { view, height, parameters }: Moment,
  id: Uint8Array,
  { paid, burned, fee }: { readonly paid: bigint; readonly burned: bigint; readonly fee: bigint },
): void {
  const epoch = epochOf(height, parameters);
  const node = closed(view, id, nodeOf(view, id), epoch, parameters);
  const earned = node.earned + paid - fee;
  ensure(earned >= 0n, 'the fee is more than the earnings');
  nodes.bucket.put(view, id, { ...node, epoch, earned, burned: node.burned + burned });
  const work = workRecord.bucket.get(view, null)!;
  workRecord.bucket.put(view, null, { ...work, burned: work.burned + burned });
  schedule(view, 'earnings', epoch * parameters.epochBlocks, id);
}

/** The amount payable to a node in this block, and its record with that amount taken out. */
export function takePayable(
  { view, height, parameters }: Moment,
  id: Uint8Array,
  before: ServiceNode,
): { node: ServiceNode; amount: bigint } {
  const over = Math.floor(height / parameters.epochBlocks);
  const node = closed(view, id, before, over + 1, parameters);
  const due = node.held.filter((part) => part.epoch <= over);
  const amount = due.reduce((sum, part) => sum + part.amount, node.payable);
  return { node: { ...node, payable: 0n, held: node.held.filter((part) => part.epoch > over) }, amount };
}

/** Closes the node's last epoch before `epoch`: adds its share of the work reward and holds back a part of its income. */
function closed(
  view: WriteView,
  id: Uint8Array,
  node: ServiceNode,
  epoch: number,
  parameters: Parameters,
): ServiceNode {
  if (node.epoch >= epoch) return node;
  const income = node.earned + takeReward(view, node);
  const kept = (income * BigInt(parameters.holdback)) / BigInt(WHOLE);
  const free = node.epoch + parameters.holdbackEpochs;
  const held = kept > 0n ? [...node.held, { epoch: free, amount: kept }] : node.held;
  const over = held.filter((part) => part.epoch < epoch);
  const waits = held.filter((part) => part.epoch >= epoch);
  if (kept > 0n && free >= epoch) schedule(view, 'earnings', free * parameters.epochBlocks, id);
  const payable = over.reduce((sum, part) => sum + part.amount, node.payable + income - kept);
  return { ...node, earned: 0n, burned: 0n, payable, held: waits };
}

/** Claims a node's share, in proportion to what its settlements burned; 0 for an epoch older than the last one. */
function takeReward(view: WriteView, { epoch, burned }: ServiceNode): bigint {
  const work = workRecord.bucket.get(view, null)!;
  if (epoch !== work.epoch || work.base === 0n || burned === 0n) return 0n;
  const reward = (work.reward * burned) / work.base;
  workRecord.bucket.put(view, null, { ...work, left: work.left - reward });
  return reward;
}
