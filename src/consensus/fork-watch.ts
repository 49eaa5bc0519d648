import { setTimeout as delay } from 'node:timers/promises';
import { BitorchError, equalBytes, Lifecycle, type Logger, messageOf } from '#base';
import { type AccountabilityOptions, areAccountable, TOO_OLD } from './accountability.ts';
import { blockId, type Commit, requireCommit, type VerifySignatures } from './blocks/index.ts';
import type { ChainStore } from './chain-store/index.ts';
import type { ChainPeer } from './gossip/index.ts';
import type { LightBlock } from './sync/index.ts';

export interface ForkWatchDependencies {
  readonly store: ChainStore;
  readonly peers: () => readonly Pick<ChainPeer, 'id' | 'status'>[];
  /** What a peer proves the header of a height with. */
  readonly light: (peer: string, height: number) => Promise<LightBlock | undefined>;
  readonly verify: VerifySignatures;
  readonly log: Logger;
  readonly onFork: (ours: Commit, theirs: Commit) => void;
  readonly ban: (peer: string, reason: unknown) => void;
  /** Milliseconds since epoch. */
  readonly now?: () => number;
}

export interface ForkWatchOptions extends AccountabilityOptions {
  readonly chainId: Uint8Array;
}

/** How often a peer is asked again, and how soon a new one is noticed. */
const AGAIN_MS = 10_000;
const LOOK_MS = 500;

/**
 * Finds forks below the tip: asks each peer for the last block that both have, and where theirs is another one looks for
 * the first height that they differ at. A good commit there for another block than ours proves the fork, whichever side
 * has more blocks and whoever voted since, as long as those who voted there answer for it.
 */
export class ForkWatch {
  readonly #options: ForkWatchOptions;
  readonly #deps: ForkWatchDependencies;
  readonly #lifecycle = new Lifecycle();
  readonly #compared = new Map<string, number>();
  #running: Promise<void> = Promise.resolve();

  constructor(options: ForkWatchOptions, dependencies: ForkWatchDependencies) {
    this.#options = options;
    this.#deps = dependencies;
  }

  start(): void {
    this.#running = this.#run().catch(() => undefined);
  }

  async stop(): Promise<void> {
    await this.#lifecycle.stop();
    await this.#running;
  }

  /** Asks every peer soon, however lately it was asked. */
  lookAgain(): void {
    this.#compared.clear();
  }

  /** Compares this chain with that of one peer, however long ago it was asked. Never throws. */
  async look(peer: string): Promise<void> {
    const { peers, ban, log } = this.#deps;
    const status = peers().find(({ id }) => id === peer)?.status;
    if (!status) return;
    try {
      const contradiction = await this.contradiction(peer, status.height - 1, status.base);
      if (contradiction) this.#report(peer, ...contradiction);
    } catch (error) {
      if (error instanceof BitorchError && error.code === 'COMMIT_INVALID') ban(peer, error);
      else log.debug({ peer, error: messageOf(error) }, 'its blocks could not be compared');
    }
  }

  /**
   * Our commit and a peer's for the first height at which the two chains differ; undefined while they do not.
   *
   * @param height of the peer's last block
   * @param base of its first
   * @throws BitorchError COMMIT_INVALID when its other block was not decided by our validators
   */
  async contradiction(
    peer: string,
    height: number,
    base: number,
  ): Promise<readonly [ours: Commit, theirs: Commit] | undefined> {
    const { store, light, verify } = this.#deps;
    const at = async (of: number): Promise<LightBlock | undefined> => {
      const theirs = await light(peer, of);
      return theirs && !equalBytes(blockId(theirs.header), store.summary(of)!.id) ? theirs : undefined;
    };
    let [same, top] = [Math.max(store.base, base) - 1, Math.min(store.height, height)];
    let other = same < top ? await at(top) : undefined;
    if (!other) return undefined;
    while (top - same > 1) {
      const middle = Math.floor((same + top) / 2);
      const found = await at(middle);
      if (found) [top, other] = [middle, found];
      else same = middle;
    }
    const { commit } = other;
    if (commit.height !== top || equalBytes(commit.block, store.summary(top)!.id))
      throw new BitorchError('COMMIT_INVALID', 'it does not decide the block that it is given for');
    requireCommit(commit, this.#options.chainId, store.validators(top)!, verify);
    return [store.commit(top)!, commit];
  }

  #report(peer: string, ours: Commit, theirs: Commit): void {
    const { store, log, onFork, now = Date.now } = this.#deps;
    const { height } = ours;
    if (areAccountable(store.summary(height)!.header, now(), this.#options)) onFork(ours, theirs);
    else log.warn({ peer, height }, TOO_OLD);
  }

  async #run(): Promise<void> {
    const { signal } = this.#lifecycle;
    for (;;) {
      const now = performance.now();
      const known = new Map(this.#compared);
      this.#compared.clear();
      for (const { id, status } of this.#deps.peers()) {
        const last = known.get(id);
        const due = status !== undefined && (last === undefined || now - last >= AGAIN_MS);
        if (due) await this.look(id);
        if (due || last !== undefined) this.#compared.set(id, due ? now : last!);
      }
      await delay(LOOK_MS, undefined, { signal });
    }
  }
}
