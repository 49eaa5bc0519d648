import { setTimeout as delay } from 'node:timers/promises';
import { BitorchError, codeOf, Lifecycle, type Logger, messageOf } from '#base';
import type { Host } from '#network';
import { type Block, type Commit, decodeBlock } from '../blocks/index.ts';
import type { ChainPeer } from '../gossip/index.ts';
import { SyncClient } from './client.ts';
import { BLOCKS_AHEAD, BYTES_AHEAD, DISBELIEF_MS, GRACE_MS } from './constants.ts';

export interface BlockSyncDependencies {
  readonly host: Host;
  readonly log: Logger;
  readonly peers: () => readonly ChainPeer[];
  /** Of a block, by the genesis. */
  readonly maxBlockBytes: number;
  /** The height that is to be decided next. */
  readonly height: () => number;
  /** Takes a decided block over. Throws what counts against the one who sent it. */
  readonly adopt: (block: Block, commit: Commit) => Promise<void>;
  readonly ban: (peer: string, reason: unknown) => void;
}

interface Fetched {
  readonly block: Block;
  readonly commit: Commit;
  readonly peer: string;
}

/** What nobody but who sent it can have caused: it has verified its blocks before. */
const BLAMED = new Set(['CODEC_INVALID', 'BLOCK_INVALID', 'COMMIT_INVALID', 'VALIDATORS_INVALID']);
/** What a block counts for at least, when it is reckoned how many may be under way. */
const LEAST_BYTES = 4_096;

/** Fetches the blocks that others have decided and this node has not, many at once, and hands them on in their order. */
export class BlockSync {
  readonly #deps: BlockSyncDependencies;
  readonly #lifecycle = new Lifecycle();
  readonly #clients = new Map<string, SyncClient>();
  #running: Promise<void> = Promise.resolve();
  #wake = Promise.withResolvers<void>();
  #turn = 0;
  /** Of a block that may come: of the largest of the last ones, and of any at first. */
  #expectedBytes: number;
  /** Peers that did not have what they said they have, and until when that is remembered. */
  readonly #disbelieved = new Map<string, number>();

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
    this.#wake.resolve();
    for (const client of this.#clients.values()) client.close();
    await this.#running;
  }

  /** Blocks that a peer says it has and this node has not. */
  get lag(): number {
    return Math.max(0, this.best - (this.#deps.height() - 1));
  }

  /** The last block that a peer says it has. */
  get best(): number {
    return Math.max(0, ...this.#believed.map((peer) => (peer.status?.height ?? 1) - 1));
  }

  get #believed(): ChainPeer[] {
    const now = performance.now();
    for (const [id, until] of this.#disbelieved) if (until <= now) this.#disbelieved.delete(id);
    return this.#deps.peers().filter(({ id }) => !this.#disbelieved.has(id));
  }

  /** A peer or this node has moved. */
  nudge(): void {
    this.#wake.resolve();
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
        await this.#wake.promise;
        this.#wake = Promise.withResolvers();
        continue;
      }
      const height = this.#deps.height();
      if (this.lag === 1) await delay(GRACE_MS, undefined, { signal });
      if (this.lag === 0 || (this.lag === 1 && this.#deps.height() !== height)) continue;
      await this.#catchUp(this.best);
    }
  }

  /** Up to and including a height, or as far as it goes. */
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
        // Nobody moved on: the chain has halted, or is stopping.
        if (height() === next) return void (await delay(GRACE_MS, undefined, { signal }));
      } catch (error) {
        if (signal.aborted) return;
        log.info({ height: next, error: messageOf(error) }, 'a block could not be fetched');
        if (fetched) this.#hold(error, fetched.peer);
        return void (await delay(GRACE_MS, undefined, { signal }));
      }
      for (const h of [...ahead.keys()]) if (h < height()) ahead.delete(h);
    }
  }

  /** Against a peer whose block was not taken over. A good commit of a block that does not follow ours is not its fault. */
  #hold(error: unknown, peer: string): void {
    if (codeOf(error) === 'COMMIT_INVALID') this.#deps.ban(peer, error);
    else if (codeOf(error) === 'BLOCK_INVALID') this.#disbelieve(peer);
  }

  #disbelieve(peer: string): void {
    this.#disbelieved.set(peer, performance.now() + DISBELIEF_MS);
  }

  /** So many that they do not fill the memory. */
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
        // It may have dropped the block since it said so.
        if (!found) {
          this.#disbelieve(id);
          continue;
        }
        this.#expectedBytes = Math.max(found.block.length, this.#expectedBytes / 2);
        if (found.block.length > this.#deps.maxBlockBytes)
          throw new BitorchError('BLOCK_INVALID', 'a block of this chain is never so long');
        return { block: decodeBlock(found.block), commit: found.commit, peer: id };
      } catch (error) {
        if (BLAMED.has(codeOf(error)) && !this.#lifecycle.signal.aborted) this.#deps.ban(id, error);
      }
    }
    throw new BitorchError('BLOCK_MISSING', `no peer gives block ${height}`);
  }
}
