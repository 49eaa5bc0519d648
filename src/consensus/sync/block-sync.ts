import { BitorchError, codeOf, Lifecycle, type Logger, messageOf, pause, Wakeup } from '#base';
import type { Host } from '#network';
import { type Block, type Commit, decodeBlock } from '../blocks/index.ts';
import type { ChainPeer } from '../gossip/index.ts';
import { SyncClient } from './client.ts';
import { BLOCKS_AHEAD, BYTES_AHEAD, DISTRUST_MS, GRACE_MS } from './constants.ts';

export interface BlockSyncDependencies {
  readonly host: Host;
  readonly log: Logger;
  readonly peers: () => readonly ChainPeer[];
  /** Longest block, in bytes, by the genesis. */
  readonly maxBlockBytes: number;
  /** The next height to decide. */
  readonly height: () => number;
  /** Takes over a decided block. Errors count against the peer that sent it. */
  readonly adopt: (block: Block, commit: Commit) => Promise<void>;
  readonly ban: (peer: string, reason: unknown) => void;
}

interface Fetched {
  readonly block: Block;
  readonly commit: Commit;
  readonly peer: string;
}

/** Errors that only the sender can have caused: an honest peer has verified its blocks. */
const BLAMED = new Set(['CODEC_INVALID', 'BLOCK_INVALID', 'COMMIT_INVALID', 'VALIDATORS_INVALID']);
/** Least size assumed for a block when the requests in flight are bounded, in bytes. */
const LEAST_BYTES = 4_096;

/** Fetches blocks that others have decided, many at once, and passes them on in order. */
export class BlockSync {
  readonly #deps: BlockSyncDependencies;
  readonly #lifecycle = new Lifecycle();
  readonly #clients = new Map<string, SyncClient>();
  #running: Promise<void> = Promise.resolve();
  readonly #news = new Wakeup();
  #turn = 0;
  /** Size assumed for the next block: the largest recent one; the maximum at first. */
  #expectedBytes: number;
  /** Peers that lacked a block they had reported, and until when that is remembered. */
  readonly #distrusted = new Map<string, number>();

  constructor(dependencies: BlockSyncDependencies) {
    this.#deps = dependencies;
    this.#expectedBytes = dependencies.maxBlockBytes;
  }

  start(): void {
    this.#running = this.#run().catch((error: unknown) => {
      if (!this.#lifecycle.signal.aborted)
        this.#deps.log.error({ error: messageOf(error) }, 'block sync stopped');
    });
  }

  async stop(): Promise<void> {
    await this.#lifecycle.stop();
    for (const client of this.#clients.values()) client.close();
    await this.#running;
  }

  /** Blocks that a peer reports and this node lacks. */
  get lag(): number {
    return Math.max(0, this.best - (this.#deps.height() - 1));
  }

  /** Highest block that a peer reports. */
  get best(): number {
    return Math.max(0, ...this.#believed.map((peer) => (peer.status?.height ?? 1) - 1));
  }

  get #believed(): ChainPeer[] {
    const now = performance.now();
    for (const [id, until] of this.#distrusted) if (until <= now) this.#distrusted.delete(id);
    return this.#deps.peers().filter(({ id }) => !this.#distrusted.has(id));
  }

  /** Call it when a peer or this node has moved. */
  nudge(): void {
    this.#news.wake();
  }

  client(peer: string): SyncClient {
    const known = this.#clients.get(peer) ?? new SyncClient(peer, { host: this.#deps.host });
    this.#clients.set(peer, known);
    return known;
  }

  async #run(): Promise<void> {
    const { signal } = this.#lifecycle;
    while (!signal.aborted) {
      if (this.lag === 0) {
        await this.#news.wait({ signal });
        continue;
      }
      const height = this.#deps.height();
      if (this.lag === 1) await pause(GRACE_MS, signal);
      if (this.lag === 0 || (this.lag === 1 && this.#deps.height() !== height)) continue;
      await this.#catchUp(this.best);
    }
  }

  /** Fetches up to and including a height, or as far as possible. */
  async #catchUp(target: number): Promise<void> {
    const { height, adopt, log } = this.#deps;
    const { signal } = this.#lifecycle;
    const ahead = new Map<number, Promise<Fetched>>();
    for (let next = height(); next <= target && !signal.aborted; next = height()) {
      for (let h = next; h <= Math.min(target, next + this.#mayBeAhead() - 1); h++) {
        if (ahead.has(h)) continue;
        const fetching = this.#fetch(h);
        fetching.catch(() => undefined);
        ahead.set(h, fetching);
      }
      let fetched: Fetched | undefined;
      try {
        fetched = await ahead.get(next)!;
        ahead.delete(next);
        await adopt(fetched.block, fetched.commit);
        // No progress: the chain has halted or is stopping.
        if (height() === next) return void (await pause(GRACE_MS, signal));
      } catch (error) {
        if (signal.aborted) return;
        log.info({ height: next, error: messageOf(error) }, 'cannot fetch a block');
        if (fetched) this.#penalize(error, fetched.peer);
        return void (await pause(GRACE_MS, signal));
      }
      for (const h of [...ahead.keys()]) if (h < height()) ahead.delete(h);
    }
  }

  /**
   * Penalizes a peer whose block was rejected. A valid commit of a block that does not follow ours is not its
   * fault.
   */
  #penalize(error: unknown, peer: string): void {
    if (codeOf(error) === 'COMMIT_INVALID') this.#deps.ban(peer, error);
    else if (codeOf(error) === 'BLOCK_INVALID') this.#distrust(peer);
  }

  #distrust(peer: string): void {
    this.#distrusted.set(peer, performance.now() + DISTRUST_MS);
  }

  /** Blocks in flight that fit into the memory limit. */
  #mayBeAhead(): number {
    const fitting = Math.floor(BYTES_AHEAD / Math.max(LEAST_BYTES, this.#expectedBytes));
    return Math.max(1, Math.min(BLOCKS_AHEAD, fitting));
  }

  /** From any peer that has it; from another one when that fails. */
  async #fetch(height: number): Promise<Fetched> {
    const holders = this.#believed.filter(
      ({ status }) => status && status.base <= height && height < status.height,
    );
    for (let tries = 0; tries < Math.min(3, holders.length); tries++) {
      const { id } = holders[this.#turn++ % holders.length]!;
      try {
        const found = await this.client(id).block(height);
        // It may have pruned the block since.
        if (!found) {
          this.#distrust(id);
          continue;
        }
        this.#expectedBytes = Math.max(found.block.length, this.#expectedBytes / 2);
        if (found.block.length > this.#deps.maxBlockBytes)
          throw new BitorchError('BLOCK_INVALID', 'the block exceeds the limit of this chain');
        return { block: decodeBlock(found.block), commit: found.commit, peer: id };
      } catch (error) {
        if (BLAMED.has(codeOf(error)) && !this.#lifecycle.signal.aborted) this.#deps.ban(id, error);
      }
    }
    throw new BitorchError('BLOCK_MISSING', `no peer provides block ${height}`);
  }
}
