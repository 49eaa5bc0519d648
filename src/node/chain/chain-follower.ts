import { Coalescer, Lifecycle, type Logger, messageOf } from '#base';
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
import type { Contacts, Host } from '#network';
import type { ChainEvent, ChainView } from '../api/node-api.ts';
import { Attendance } from './attendance.ts';
import { blockView, type ChainViewSource, chainViewOf } from './chain-view.ts';

export interface ChainFollowerOptions {
  /** Folder of the chain: state, blocks, journal. */
  readonly home: string;
  /** Path of the genesis file. */
  readonly genesis: string;
  /** HEIGHT:ID of a block that somebody vouches for. */
  readonly trust?: string | undefined;
  /** See `ChainOptions.restMs`. */
  readonly restMs?: number | undefined;
  /** Threads for verifying transactions. */
  readonly threads: number;
}

export interface ChainFollowerDependencies {
  readonly host: Host;
  readonly contacts: Contacts;
  readonly log: Logger;
  readonly key: SigningKey;
  readonly nameOf: (validator: Uint8Array) => string | undefined;
  readonly onEvent: (event: ChainEvent) => void;
}

/** Blocks whose times are remembered, and looked back for signatures. */
const TIMED = 50;
const ATTENDANCE = 100;
const SNAPSHOT_EVERY = 500;
/** The pace of the chain is measured over so many blocks. */
const PACE_BLOCKS = 302_400;
/** A new view is made at most this often. */
const VIEW_MS = 250;

interface ChainParts {
  readonly genesis: Genesis;
  readonly chain: Chain;
  readonly application: LedgerApplication;
  readonly lifecycle: Lifecycle;
}

/** The chain part of a node: the ledger's application and the chain that drives it, and what people see of both. */
export class ChainFollower {
  readonly genesis: Genesis;
  readonly chain: Chain;
  readonly application: LedgerApplication;
  readonly walletChain: WalletChain;
  readonly #deps: ChainFollowerDependencies;
  readonly #lifecycle: Lifecycle;
  readonly #timings = new Map<number, number>();
  readonly #attendance: Attendance;
  readonly #looking = new Coalescer(() => this.#look(), { pauseMs: VIEW_MS });
  #view: ChainView;
  /** Of the last view that was shown. */
  #problem: string | undefined;

  private constructor(parts: ChainParts & { view: ChainView }, dependencies: ChainFollowerDependencies) {
    const { genesis, chain, application, lifecycle, view } = parts;
    this.genesis = genesis;
    this.chain = chain;
    this.application = application;
    this.#lifecycle = lifecycle;
    this.#deps = dependencies;
    this.#view = view;
    this.#attendance = Attendance.of(chain.store, ATTENDANCE);
    const port: ApplicationPort = {
      query: (request) => application.query(request),
      // By way of the chain, which tells the network.
      checkTx: ({ bytes }) => chain.submit(bytes),
    };
    this.walletChain = applicationChain(port, (height) => this.#blockBefore(height));
    lifecycle.onStop(() => this.#looking.stop());
    lifecycle.onStop(chain.onBlock((block) => this.#note(block)));
    lifecycle.onStop(chain.onChange(() => void this.#looking.run()));
  }

  /** Starts the chain and follows it. Throws GENESIS_MISSING, GENESIS_INVALID, OPTION_INVALID, and what `Chain.start` throws. */
  static async start(
    options: ChainFollowerOptions,
    dependencies: ChainFollowerDependencies,
  ): Promise<ChainFollower> {
    const { home, threads, trust, restMs } = options;
    const checkpoint = trust === undefined ? undefined : parseCheckpoint(trust);
    const { key, host, contacts, log } = dependencies;
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
        { home, genesis, genesisFile, checkpoint, restMs },
        {
          host,
          contacts,
          application,
          key,
          log,
          accuse: (evidence) => application.accuse(evidence),
          firstValidators: () => firstValidators(genesisFile),
        },
      );
      lifecycle.onStop(() => chain.stop());
      await chain.start();
      const parts = { genesis, chain, application, lifecycle };
      const signers = Attendance.of(chain.store, ATTENDANCE).counts;
      const view = await viewOf(parts, dependencies, { timings: new Map(), signers });
      const follower = new ChainFollower({ ...parts, view }, dependencies);
      follower.#show(view);
      return follower;
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
    return this.#view;
  }

  /** Calls `listener` for each block as it becomes final, until the returned function is called. */
  onBlock(listener: () => void): () => void {
    return this.chain.onBlock(listener);
  }

  #note({ block, finalityMs }: NewBlock): void {
    const { height } = block.header;
    if (finalityMs !== undefined) this.#timings.set(height, finalityMs);
    this.#timings.delete(height - TIMED);
    this.#attendance.note(this.chain.store, height);
    const summary = this.chain.store.summary(height);
    if (summary) this.#deps.onEvent({ type: 'block', block: blockView(summary, finalityMs) });
    void this.#looking.run();
  }

  /** A block from which the chain's pace is measured: a week ago, or the first that is here. */
  #blockBefore(height: number): { height: number; time: number } | undefined {
    const { store } = this.chain;
    const at = Math.max(1, store.base, height - PACE_BLOCKS);
    return (store.summary(at) ?? store.summary(at + 1))?.header;
  }

  async #look(): Promise<void> {
    try {
      const [timings, signers] = [this.#timings, this.#attendance.counts];
      this.#show(await viewOf(this, this.#deps, { timings, signers }));
    } catch (error) {
      this.#deps.log.debug({ error: messageOf(error) }, 'no view of the chain');
    }
  }

  #show(view: ChainView): void {
    const { log, onEvent } = this.#deps;
    if (view.problem !== undefined && this.#problem === undefined) log.warn(view.problem);
    this.#problem = view.problem;
    this.#view = view;
    onEvent({ type: 'chain', chain: view });
  }
}

const viewOf = (
  { chain, application, genesis }: Pick<ChainParts, 'chain' | 'application' | 'genesis'>,
  { key, nameOf }: ChainFollowerDependencies,
  seen: Pick<ChainViewSource, 'timings' | 'signers'>,
): Promise<ChainView> =>
  chainViewOf({ chain, application, nameOf, key: key.publicKey, test: genesis.real === 0, ...seen });
