import { BitorchError, equalBytes, type Logger, messageOf } from '#base';
import { blockId, type Commit, requireCommit, type VerifySignatures } from '../blocks/index.ts';
import type { ChainStore } from '../chain-store.ts';
import type { ChainPeer } from '../gossip/index.ts';
import type { LightBlock } from '../sync/index.ts';
import { type AccountabilityOptions, areAccountable, TOO_OLD } from './accountability.ts';

export interface ForkWatchDependencies {
  readonly store: ChainStore;
  readonly peers: () => readonly Pick<ChainPeer, 'id' | 'status'>[];
  /** Fetches a peer's proof of the header at a height. */
  readonly light: (peer: string, height: number) => Promise<LightBlock | undefined>;
  readonly verify: VerifySignatures;
  readonly log: Logger;
  readonly onFork: (ours: Commit, theirs: Commit) => void;
  readonly ban: (peer: string, reason: unknown) => void;
  /** Milliseconds since epoch. */
  readonly now?: () => number;
  /** Monotonic clock, in ms. */
  readonly steady?: () => number;
}

export interface ForkWatchOptions extends AccountabilityOptions {
  readonly chainId: Uint8Array;
}

/** How often peers are checked, and how soon each is asked again: sooner if it did not answer. */
const LOOK_MS = 500;
const AGAIN_MS = 10_000;
const UNANSWERED_MS = 2_000;

/**
 * Finds forks below the tip: asks each peer for the last block that both have and, where it differs, searches for
 * the first height at which the chains differ. A valid commit there for another block proves the fork, whichever
 * side has more blocks and whoever voted since, as long as its validators can be held accountable. Peers are asked
 * concurrently, so a slow one delays no other.
 */
export class ForkWatch {
  readonly #options: ForkWatchOptions;
  readonly #deps: ForkWatchDependencies;
  /** When each peer is due again. */
  #due = new Map<string, number>();
  readonly #looking = new Map<string, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ForkWatchOptions, dependencies: ForkWatchDependencies) {
    this.#options = options;
    this.#deps = dependencies;
  }

  start(): void {
    this.#timer = setInterval(() => this.#lookAround(), LOOK_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#looking.values());
  }

  /** Asks every peer soon, however recently it was asked. */
  lookAgain(): void {
    this.#due = new Map();
  }

  /**
   * Compares this chain with that of one peer, however recently it was asked. Returns whether it answered. Never
   * throws.
   */
  async look(peer: string): Promise<boolean> {
    const { peers, ban, log } = this.#deps;
    const status = peers().find(({ id }) => id === peer)?.status;
    if (!status) return false;
    try {
      const contradiction = await this.contradiction(peer, status.height - 1, status.base);
      if (contradiction) this.#report(peer, ...contradiction);
      return true;
    } catch (error) {
      if (error instanceof BitorchError && error.code === 'COMMIT_INVALID') ban(peer, error);
      else log.debug({ peer, error: messageOf(error) }, 'cannot compare blocks with a peer');
      return false;
    }
  }

  /**
   * Our commit and a peer's for the first height at which the two chains differ; undefined if they agree. Throws
   * COMMIT_INVALID when the peer's block was not decided by our validators.
   *
   * @param height of the peer's last block
   * @param base height of its first block
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
      throw new BitorchError('COMMIT_INVALID', 'the commit is not of the block that it was sent with');
    requireCommit(commit, this.#options.chainId, store.validators(top)!, verify);
    return [store.commit(top)!, commit];
  }

  #report(peer: string, ours: Commit, theirs: Commit): void {
    const { store, log, onFork, now = Date.now } = this.#deps;
    const { height } = ours;
    if (areAccountable(store.summary(height)!.header, now(), this.#options)) onFork(ours, theirs);
    else log.warn({ peer, height }, TOO_OLD);
  }

  #lookAround(): void {
    const { peers, steady = () => performance.now() } = this.#deps;
    const heard = peers().filter(({ status }) => status !== undefined);
    const here = new Set(heard.map(({ id }) => id));
    for (const id of this.#due.keys()) if (!here.has(id)) this.#due.delete(id);
    for (const id of here) {
      if (this.#looking.has(id) || (this.#due.get(id) ?? 0) > steady()) continue;
      const due = this.#due;
      const looking = this.look(id).then((answered) => {
        this.#looking.delete(id);
        // Into the map of this round, which `lookAgain` may have replaced since.
        due.set(id, steady() + (answered ? AGAIN_MS : UNANSWERED_MS));
      });
      this.#looking.set(id, looking);
    }
  }
}
