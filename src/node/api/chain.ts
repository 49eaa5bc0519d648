/**
 * The chain as this node sees it. Amounts are sparks in decimal digits (1 TORCH = 10^9 sparks), because they do not fit a double;
 * hashes, keys and ids are hexadecimal; times are milliseconds since epoch.
 */
import { z } from '#base';
import { zSparks, zTime } from './fields.ts';

/**
 * `starting`: looking for peers; then `syncing`: fetching older blocks; then `following`: at the head, back to `syncing` when it
 * falls behind. `halted`: two final blocks at one height were seen; permanent.
 */
const zChainState = z.enum(['starting', 'syncing', 'following', 'halted']);

const zMempool = z.strictObject({ transactions: z.number(), bytes: z.number() });

const zValidator = z.strictObject({
  key: z.string(),
  /** Name of the node that runs it, if announced. `self`: it is this node. */
  name: z.string().exactOptional(),
  self: z.boolean(),
  /** Member of the current validator set; `share` is its fraction of the power, 0…1. */
  active: z.boolean(),
  power: z.string(),
  share: z.number(),
  stake: zSparks,
  /** 0…1. */
  commission: z.number(),
  /** Missed blocks minus blocks signed since; it is jailed at the network's limit. */
  missed: z.number(),
  /** Height until which it is jailed; 0 = not jailed. */
  jailedUntil: z.number(),
  /** Removed permanently for double-signing. */
  tombstoned: z.boolean(),
  /** How many of the last 100 blocks it signed. */
  signed: z.number(),
  /** Proposes the next block in its first round. */
  proposes: z.boolean(),
});
export type ValidatorView = z.infer<typeof zValidator>;

export const zBlock = z.strictObject({
  height: z.number(),
  id: z.string(),
  time: zTime,
  proposer: z.string(),
  transactions: z.number(),
  bytes: z.number(),
  /** Round in which it was agreed on. */
  round: z.number(),
  /** Time from proposal to finality on this node, in ms; absent for blocks that were fetched later. */
  finalityMs: z.number().exactOptional(),
  appHash: z.string(),
});
export type BlockView = z.infer<typeof zBlock>;

export const zChain = z.strictObject({
  /** Name of the network, from its genesis. */
  network: z.string(),
  chainId: z.string(),
  /** A test network: coins have no value, and there is a faucet. */
  test: z.boolean(),
  state: zChainState,
  /** Why the node does not advance or sign, and what to do about it. */
  problem: z.string().exactOptional(),
  /** Height of this node's last block. */
  height: z.number(),
  /** Highest block claimed by a peer. */
  bestHeight: z.number(),
  blockId: z.string(),
  appHash: z.string(),
  /** Time of the last block, as set by its proposer. */
  time: zTime,
  /** Current round of the next block: 0 unless a proposal failed. */
  round: z.number(),
  /** Medians over recent blocks, in ms: from proposal to finality on this node, and between blocks. */
  finalityMs: z.number().exactOptional(),
  intervalMs: z.number().exactOptional(),
  peers: z.number(),
  mempool: zMempool,
  fee: z.strictObject({ base: zSparks, least: zSparks }),
  supply: z.strictObject({ minted: zSparks, burned: zSparks, shielded: zSparks, open: zSparks }),
  epoch: z.strictObject({ number: z.number(), blocksLeft: z.number() }),
  validators: z.array(zValidator),
  /** Newest first, at most 20. */
  blocks: z.array(zBlock),
});
export type ChainView = z.infer<typeof zChain>;
