import { BitorchError, codeOf, equalBytes, type Logger, messageOf, toHex } from '#base';
import type { Application, StateSnapshot } from './application/index.ts';
import { blockId, requireCommit, type VerifySignatures } from './blocks/index.ts';
import type { ChainStore } from './chain-store.ts';
import { LightClient, TRUST_EXPIRED, type Trusted } from './light/index.ts';
import { type LightBlock, MAX_SNAPSHOTS, type SyncClient } from './sync/index.ts';

export interface SnapshotSyncOptions {
  readonly chainId: Uint8Array;
  readonly trustingPeriodMs: number;
  readonly clockToleranceMs: number;
  /** What vouches for later headers: the genesis, or a checkpoint. */
  readonly from: Trusted;
}

export interface SnapshotSyncDependencies {
  readonly application: Application;
  readonly store: ChainStore;
  /** Nodes to ask. */
  readonly clients: readonly SyncClient[];
  readonly verify: VerifySignatures;
  readonly now: () => number;
  readonly log: Logger;
}

/** Nodes asked at once for their snapshots: each answer can be megabytes. */
const CLIENTS_AT_ONCE = 4;
/** Chunks requested at once. */
const CHUNKS_AHEAD = 4;

/**
 * Starts from a state instead of from the first block. Its app hash comes from a header proven by light
 * verification from the trusted one; peers are not trusted. Returns the height that the store starts after; 0 when
 * no peer has a usable snapshot, so that the blocks have to be replayed.
 *
 * Throws TRUST_EXPIRED when the trusted header is too old to vouch for any other.
 */
export async function syncSnapshot(
  options: SnapshotSyncOptions,
  deps: SnapshotSyncDependencies,
): Promise<number> {
  const { log, store } = deps;
  for (const snapshot of await snapshotsOf(deps.clients)) {
    try {
      const { at, after } = await proveHeight(snapshot.height, options, deps);
      const { appHash } = after.header;
      const summary = { header: at.header, round: at.commit.round, transactions: 0, bytes: 0, appHash };
      const sets = [at.validators, after.validators, after.nextValidators] as const;
      // Before the last chunk: after a crash in between there are blocks without a state, and the node starts over.
      const beforeLast = () => store.beginAfter({ ...summary, id: blockId(at.header) }, at.commit, sets);
      if (!(await takeState(snapshot, appHash, beforeLast, deps))) continue;
      return snapshot.height;
    } catch (error) {
      if (codeOf(error) === TRUST_EXPIRED) throw error;
      log.warn({ height: snapshot.height, error: messageOf(error) }, 'cannot use a snapshot');
    }
  }
  return 0;
}

/** The snapshots of peers, newest first, each once. */
async function snapshotsOf(clients: readonly SyncClient[]): Promise<StateSnapshot[]> {
  const all = new Map<string, StateSnapshot>();
  for (let i = 0; i < clients.length; i += CLIENTS_AT_ONCE) {
    const some = clients.slice(i, i + CLIENTS_AT_ONCE);
    const answers = await Promise.all(some.map((client) => client.snapshots().catch(() => undefined)));
    for (const snapshot of answers.flatMap((answer) => answer ?? []))
      all.set(`${snapshot.height}/${snapshot.format}/${toHex(snapshot.hash)}`, snapshot);
    const newest = [...all].sort(([, a], [, b]) => b.height - a.height).slice(0, MAX_SNAPSHOTS);
    all.clear();
    for (const [name, snapshot] of newest) all.set(name, snapshot);
  }
  return [...all.values()];
}

/** The header at a height, and the next one, which contains the app hash after the height. */
async function proveHeight(
  height: number,
  { chainId, from, trustingPeriodMs, clockToleranceMs }: SnapshotSyncOptions,
  { clients, verify, now }: SnapshotSyncDependencies,
): Promise<{ at: LightBlock; after: LightBlock }> {
  const source = async (of: number): Promise<LightBlock | undefined> => {
    for (const client of clients) {
      const light = await client.light(of).catch(() => undefined);
      if (light) return light;
    }
    return undefined;
  };
  const client = new LightClient(
    { trust: { chainId, trustingPeriodMs, clockToleranceMs }, from },
    { source, verify, now },
  );
  const after = await client.verifyTo(height + 1);
  const at = await source(height);
  // Proven backwards: the next header contains its id, and it contains the hash of its validators.
  if (
    !at ||
    !equalBytes(blockId(at.header), after.header.previous) ||
    !equalBytes(at.validators.hash, at.header.validators)
  )
    throw new BitorchError('LIGHT_INVALID', `the header of height ${height} is not the one that follows`);
  requireCommit(at.commit, chainId, at.validators, verify);
  if (at.commit.height !== height || !equalBytes(at.commit.block, after.header.previous))
    throw new BitorchError('LIGHT_INVALID', 'the commit is of another block');
  return { at, after };
}

/** Whether the application now has the state. */
async function takeState(
  snapshot: StateSnapshot,
  appHash: Uint8Array,
  beforeLast: () => void,
  { application, clients }: SnapshotSyncDependencies,
): Promise<boolean> {
  if ((await application.offerSnapshot({ snapshot, appHash })) !== 'accept') return false;
  const { height, format, chunks } = snapshot;
  const bad = new Set<string>();
  let turn = 0;
  const fetch = async (chunk: number): Promise<{ bytes: Uint8Array; peer: string } | undefined> => {
    for (let tries = 0; tries < clients.length; tries++) {
      const client = clients[turn++ % clients.length]!;
      if (bad.has(client.peer)) continue;
      const bytes = await client.chunk(height, format, chunk).catch(() => undefined);
      if (bytes) return { bytes, peer: client.peer };
    }
    return undefined;
  };
  const ahead = new Map<number, ReturnType<typeof fetch>>();
  for (let index = 0; index < chunks; ) {
    for (let i = index; i < Math.min(chunks, index + CHUNKS_AHEAD); i++)
      if (!ahead.has(i)) ahead.set(i, fetch(i));
    const chunk = await ahead.get(index);
    ahead.delete(index);
    if (!chunk) return false;
    if (index === chunks - 1) beforeLast();
    const { result, rejectSenders } = await application.applySnapshotChunk({
      index,
      chunk: chunk.bytes,
      sender: chunk.peer,
    });
    for (const sender of rejectSenders) bad.add(sender);
    if (result === 'accept') index++;
    else if (result !== 'retry') return false;
  }
  return true;
}
