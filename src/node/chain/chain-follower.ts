import { Lifecycle, type Logger, messageOf } from '#base';
import {
  type ApplicationPort,
  applicationChain,
  Chain,
  firstValidators,
  type Genesis,
  type LedgerApplication,
  type NewBlock,
  openApplication,
  parseCheckpoint,
  parseGenesis,
  readGenesis,
} from '#consensus';
import { defaultCurve, type SigningKey } from '#crypto';
import type { WalletChain } from '#ledger';
import type { Host } from '#network';
import type { ChainEvent, ChainView } from '../api/chain-api.ts';
import { Attendance } from './attendance.ts';
import { blockView, chainViewOf } from './chain-view.ts';

export interface ChainFollowerOptions {
  /** Folder of the chain: state, blocks, journal. */
  readonly home: string;
  /** Path of the genesis file. */
  readonly genesis: string;
  /** Multiaddrs of nodes to stay connected with. */
  readonly contacts: readonly string[];
  /** HEIGHT:ID of a block that somebody vouches for. */
  readonly trust?: string | undefined;
  /** See `ChainOptions.restMs`. */
  readonly restMs?: number | undefined;
  /** Threads for verifying transactions. */
  readonly threads: number;
}

export interface ChainFollowerDependencies {
  readonly host: Host;
  readonly log: Logger;
  readonly key: SigningKey;
  readonly nameOf: (validator: Uint8Array) => string | undefined;
  readonly onEvent: (event: ChainEvent) => void;
  readonly onBlock: () => void;
}

/** Blocks whose times are remembered, and looked back for signatures. */
const TIMED = 50;
const ATTENDANCE = 100;
const SNAPSHOT_EVERY = 500;
/** The pace of the chain is measured over so many blocks. */
const PACE_BLOCKS = 302_400;
/** A new view is made at most this often. */
const VIEW_MS = 250;

/** The chain part of a node: the ledger's application and the chain that drives it, and what people see of both. */
export class ChainFollower {
  readonly genesis: Genesis;
  readonly chain: Chain;
  readonly application: LedgerApplication;
  readonly walletChain: WalletChain;
  readonly #deps: ChainFollowerDependencies;
  readonly #lifecycle: Lifecycle;
  readonly #timings = new Map<number, number>();
  #attendance = new Attendance(ATTENDANCE);
  #view: ChainView | undefined;
  #viewing: Promise<void> | undefined;
  #again = false;

  private constructor(
    parts: { genesis: Genesis; chain: Chain; application: LedgerApplication; lifecycle: Lifecycle },
    dependencies: ChainFollowerDependencies,
  ) {
    this.genesis = parts.genesis;
    this.chain = parts.chain;
    this.application = parts.application;
    this.#lifecycle = parts.lifecycle;
    this.#deps = dependencies;
    const port: ApplicationPort = {
      query: (request) => parts.application.query(request),
      // By way of the chain, which tells the network.
      checkTx: ({ bytes }) => parts.chain.submit(bytes),
    };
    this.walletChain = applicationChain(port, (height) => this.#blockBefore(height));
  }

  /** Comes up and follows. Throws GENESIS_MISSING, GENESIS_INVALID, OPTION_INVALID, and what `Chain.start` throws. */
  static async start(
    options: ChainFollowerOptions,
    dependencies: ChainFollowerDependencies,
  ): Promise<ChainFollower> {
    const { home, contacts, threads, trust, restMs } = options;
    const checkpoint = trust === undefined ? undefined : parseCheckpoint(trust);
    const { key, host, log } = dependencies;
    const genesisFile = await readGenesis(options.genesis);
    const genesis = parseGenesis(genesisFile, defaultCurve());
    const lifecycle = new Lifecycle();
    try {
      const { application, stop } = await openApplication({
        directory: home,
        snapshotEveryBlocks: SNAPSHOT_EVERY,
        verifierThreads: threads,
        key,
      });
      lifecycle.onStop(stop);
      const chain = new Chain(
        { home, genesis, genesisFile, contacts, checkpoint, restMs },
        {
          host,
          application,
          key,
          log,
          accuse: (evidence) => application.accuse(evidence),
          firstValidators: () => firstValidators(genesisFile),
        },
      );
      const following = new ChainFollower({ genesis, chain, application, lifecycle }, dependencies);
      await following.#start();
      return following;
    } catch (error) {
      await lifecycle.stop().catch(() => undefined);
      throw error;
    }
  }

  stop(): Promise<void> {
    return this.#lifecycle.stop();
  }

  /** As it was after the last block that was looked at. */
  get view(): ChainView {
    return this.#view!;
  }

  async #start(): Promise<void> {
    this.#lifecycle.onStop(() => this.chain.stop());
    this.chain.onBlock((block) => this.#note(block));
    this.chain.onChange(() => this.#look());
    await this.chain.start();
    this.#attendance = Attendance.of(this.chain.store, ATTENDANCE);
    await this.#refresh();
  }

  #note({ block, finalityMs }: NewBlock): void {
    const { height } = block.header;
    if (finalityMs !== undefined) this.#timings.set(height, finalityMs);
    this.#timings.delete(height - TIMED);
    this.#attendance.note(this.chain.store, height);
    const summary = this.chain.store.summary(height);
    if (summary) this.#deps.onEvent({ type: 'block', block: blockView(summary, finalityMs) });
    this.#deps.onBlock();
    this.#look();
  }

  /** A block from which the chain's pace is measured: a week ago, or the first that is here. */
  #blockBefore(height: number): { height: number; time: number } | undefined {
    const { store } = this.chain;
    const at = Math.max(1, store.base, height - PACE_BLOCKS);
    return (store.summary(at) ?? store.summary(at + 1))?.header;
  }

  /** Makes a new view soon: one for many changes. */
  #look(): void {
    this.#again = true;
    this.#viewing ??= this.#refreshWhileAsked().finally(() => {
      this.#viewing = undefined;
    });
  }

  async #refreshWhileAsked(): Promise<void> {
    const { signal } = this.#lifecycle;
    while (this.#again && !signal.aborted) {
      this.#again = false;
      await this.#refresh().catch((error: unknown) =>
        this.#deps.log.debug({ error: messageOf(error) }, 'no view of the chain'),
      );
      await new Promise((resolve) => setTimeout(resolve, VIEW_MS).unref());
    }
  }

  async #refresh(): Promise<void> {
    const { chain, application, genesis } = this;
    const { key, nameOf, onEvent, log } = this.#deps;
    const before = this.#view?.problem;
    this.#view = await chainViewOf({
      chain,
      application,
      nameOf,
      key: key.publicKey,
      test: genesis.real === 0,
      timings: this.#timings,
      signers: this.#attendance.counts,
    });
    const { problem } = this.#view;
    if (problem !== undefined && before === undefined) log.warn(problem);
    onEvent({ type: 'chain', chain: this.#view });
  }
}
