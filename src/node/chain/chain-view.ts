import { toHex } from '#base';
import { type Application, ask, type BlockSummary, type Chain } from '#consensus';
import type { BlockView, ChainView, ValidatorView } from '../api/node-api.ts';

const BLOCKS_SHOWN = 20;
const WHOLE = 10_000;
/** A slow validator misses some now and then. */
const MISSED_BEFORE_WARNING = 20;

export interface ChainViewSource {
  readonly chain: Chain;
  readonly application: Application;
  /** Consensus key of this node. */
  readonly key: Uint8Array;
  /** Whether the network is one whose money is worth nothing. */
  readonly test: boolean;
  readonly timings: ReadonlyMap<number, number>;
  readonly signers: ReadonlyMap<string, number>;
  /** What people call the node that runs a validator. */
  readonly nameOf: (validator: Uint8Array) => string | undefined;
}

/** The view of the chain after the last block. */
export async function chainViewOf(source: ChainViewSource): Promise<ChainView> {
  const { chain, application, test, timings } = source;
  const [about, supply] = await Promise.all([
    ask(application, '/status', {}),
    ask(application, '/supply', {}),
  ]);
  const status = chain.status;
  const { height } = about;
  const { epochBlocks, chainId, leastFee } = about.parameters;
  const recent = summaries(chain, height);
  const last = recent[0];
  const validators = await validatorViews(source, height);
  const problem = status.problem ?? idleness(validators, about.parameters.downtimeBlocks);
  const finalityMs = median([...timings.values()]);
  const intervalMs = median(
    recent.slice(0, -1).map(({ header }, i) => header.time - recent[i + 1]!.header.time),
  );
  return {
    network: Buffer.from(about.name).toString(),
    chainId: toHex(chainId),
    test,
    state: status.state,
    ...(problem !== undefined && { problem }),
    height,
    bestHeight: Math.max(height, status.bestHeight),
    blockId: last ? toHex(last.id) : '',
    appHash: toHex((await application.info()).appHash),
    time: about.time,
    round: status.round,
    ...(finalityMs !== undefined && { finalityMs }),
    ...(intervalMs !== undefined && { intervalMs }),
    peers: status.peers,
    mempool: { transactions: about.pool.count, bytes: about.pool.bytes },
    fee: { base: `${about.baseFee}`, least: `${leastFee}` },
    supply: {
      minted: `${supply.minted}`,
      burned: `${supply.burned}`,
      shielded: `${supply.shielded}`,
      open: `${supply.open}`,
    },
    epoch: { number: Math.floor(height / epochBlocks), blocksLeft: epochBlocks - (height % epochBlocks) },
    validators,
    blocks: recent.map((summary) => blockView(summary, timings.get(summary.header.height))),
  };
}

/** A warning when this node's validator is jailed or does not sign. */
function idleness(validators: readonly ValidatorView[], limit: number): string | undefined {
  const own = validators.find(({ self }) => self);
  if (!own || own.tombstoned) return undefined;
  if (own.jailedUntil > 0)
    return `this node's validator is jailed for missing blocks: from block ${own.jailedUntil} on, "bitorch stake unjail"`;
  if (own.missed < Math.min(MISSED_BEFORE_WARNING, limit / 2)) return undefined;
  return (
    `this node's validator is bonded but does not sign: ${own.missed} blocks missed, and it is jailed at ${limit}. ` +
    'Check its clock, that others can reach it, and that no other node runs with this key'
  );
}

/** Newest first. */
function summaries(chain: Chain, height: number): BlockSummary[] {
  const heights = Array.from({ length: Math.min(BLOCKS_SHOWN, height) }, (_, i) => height - i);
  return heights.flatMap((of) => chain.store.summary(of) ?? []);
}

export const blockView = (summary: BlockSummary, finalityMs: number | undefined): BlockView => ({
  height: summary.header.height,
  id: toHex(summary.id),
  time: summary.header.time,
  proposer: toHex(summary.header.proposer),
  // The first is not anybody's: it is the proposer's part of the beacon.
  transactions: Math.max(0, summary.transactions - 1),
  bytes: summary.bytes,
  round: summary.round,
  ...(finalityMs !== undefined && { finalityMs }),
  appHash: toHex(summary.appHash),
});

async function validatorViews(source: ChainViewSource, height: number): Promise<ValidatorView[]> {
  const { application, chain, key, signers, nameOf } = source;
  const set = chain.store.validators(height + 1);
  if (!set) return [];
  const self = toHex(key);
  const proposer = toHex(set.proposer(0).key);
  return (await ask(application, '/validators', {})).map(({ key: bytes, record }): ValidatorView => {
    const name = toHex(bytes);
    const power = set.at(set.placeOf(bytes))?.power ?? 0;
    const called = nameOf(bytes);
    return {
      key: name,
      ...(called !== undefined && { name: called }),
      self: name === self,
      active: power > 0,
      power: `${power}`,
      share: power / set.totalPower,
      stake: `${record.tokens}`,
      commission: record.commission / WHOLE,
      missed: record.missed,
      jailedUntil: record.jailedUntil,
      tombstoned: record.tombstoned === 1,
      signed: signers.get(name) ?? 0,
      proposes: name === proposer,
    };
  });
}

function median(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
