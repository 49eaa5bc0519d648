import { join } from 'node:path';
import { Broadcast, fromUtf8, Lifecycle, messageOf, pause, replaceFile, toHex } from '#base';
import { type Equivocation, offendersOf } from '#ledger';
import { openLmdbStore } from '#store';
import { type CheckTxResult, genesisHash } from './application/index.ts';
import { type Commit, verifyAll } from './blocks/index.ts';
import type { ChainDependencies, ChainOptions, ChainStatus, NewBlock } from './chain-options.ts';
import { ChainStore } from './chain-store.ts';
import { blockBytesOf, CLOCK_TOLERANCE_MS, TRUSTING_PERIOD_MS } from './constants.ts';
import {
  type AccountabilityOptions,
  EvidenceReports,
  ForkWatch,
  forkAt,
  type KeptFork,
  keepFork,
  votesIn,
} from './evidence/index.ts';
import { type ChainPeer, Gossip } from './gossip/index.ts';
import { handshake } from './handshake.ts';
import { IdlePause } from './idle-pause.ts';
import { LastSign, openLogFile, WriteAheadLog } from './journal/index.ts';
import { LightClient, requireCheckpoint, requireFresh, serveQueries, trustedAt } from './light/index.ts';
import { ConsensusLoop, type FinalBlock } from './loop/index.ts';
import { TransactionGossip, TransactionPool } from './mempool/index.ts';
import { syncSnapshot } from './snapshot-sync.ts';
import { BlockSync, QuestionServer, SNAPSHOT_LAG, serveSync } from './sync/index.ts';
import { Validator } from './validator.ts';

/** A node that lags by more blocks than this counts as syncing. */
const SYNCING_LAG = 2;
/** How long a new node looks for peers before it assumes that the chain has just begun, in ms. */
const FIRST_PEER_MS = 2_000;
/** The same for a node with a checkpoint, which proves that more of the chain exists. */
const VOUCHED_PEER_MS = 30_000;
/** Heights whose journals are still available when a fork is found. */
const JOURNALS_KEPT = 200;

/**
 * One node of a chain: follows it, serves peers and, with a key, takes part in consensus. What it reports as final
 * is stored, applied and never reverted.
 */
export class Chain {
  readonly store: ChainStore;
  readonly #options: ChainOptions;
  readonly #deps: ChainDependencies;
  readonly #lifecycle = new Lifecycle();
  readonly #blocks = new Broadcast<NewBlock>();
  readonly #changes = new Broadcast<void>();
  readonly #wal: WriteAheadLog;
  readonly #pool: TransactionPool;
  readonly #transactions: TransactionGossip;
  readonly #gossip: Gossip;
  readonly #sync: BlockSync;
  readonly #watch: ForkWatch;
  readonly #loop: ConsensusLoop;
  readonly #idlePause: IdlePause;
  readonly #reports: EvidenceReports | undefined;
  #started = false;
  /** Why blocks of peers are not taken over. */
  #distrust: string | undefined;

  constructor(options: ChainOptions, dependencies: ChainDependencies) {
    this.#options = options;
    this.#deps = dependencies;
    const { home, genesis } = options;
    const { host, application, log } = dependencies;
    const { chainId } = genesis.parameters;
    const peers = () => this.#gossip.peers;
    const ban = (peer: string, reason: unknown) => this.#gossip.ban(peer, reason);
    const openFile = dependencies.openLogFile ?? openLogFile;
    this.#wal = new WriteAheadLog({ folder: join(home, 'journal'), keep: JOURNALS_KEPT }, openFile);
    this.store = new ChainStore(openLmdbStore(join(home, 'blocks.mdb')));
    this.#pool = new TransactionPool({}, { application });
    const onOpen = () => {
      if (this.#started) this.#loop.wake();
    };
    this.#transactions = new TransactionGossip({ pool: this.#pool, now: steady, peers, onOpen });
    this.#idlePause = new IdlePause(options.restMs ?? 0, () => this.#transactions.anyOpen);
    const { accuse } = dependencies;
    // The origin of evidence is no secret: it needs no stem.
    const submit = async (evidence: Equivocation) => this.#transactions.submit(accuse!(evidence));
    this.#reports = accuse && new EvidenceReports({ submit, log });
    this.#gossip = new Gossip(
      { chainId, genesis: genesisHash(genesis), contacts: dependencies.contacts.configured },
      { host, log, now: steady, source: this.#source() },
    );
    this.#sync = new BlockSync({
      host,
      log,
      peers,
      maxBlockBytes: blockBytesOf(genesis.consensus.maxBytes),
      // Blocks that do not continue our chain may belong to a fork. Then the peer stays connected, so that it finds
      // the fork too.
      ban: (peer, reason) => void this.#watch.look(peer).then(() => this.#loop.halted || ban(peer, reason)),
      height: () => Math.max(0, this.store.height) + 1,
      adopt: async (block, commit) => {
        this.#requireTrust();
        requireCheckpoint(block.header, options.checkpoint);
        await this.#loop.adopt(block, commit);
      },
    });
    this.#watch = new ForkWatch(
      { chainId, ...this.#accountability },
      {
        now: this.#now,
        store: this.store,
        peers,
        light: (peer, height) => this.#sync.client(peer).light(height),
        verify: dependencies.verify ?? verifyAll,
        log,
        ban,
        onFork: (ours, theirs) => this.#halt(ours, theirs),
      },
    );
    this.#loop = this.#makeLoop();
  }

  /**
   * Restores the last state and continues from there. Throws CHAIN_DAMAGED, JOURNAL_DAMAGED or GENESIS_MISMATCH
   * when the data directory is damaged or of another chain, TRUST_EXPIRED when a snapshot needs a newer trusted
   * block, CHECKPOINT_DIFFERS when the chain does not contain the checkpoint.
   */
  async start(): Promise<void> {
    const { host, application, contacts } = this.#deps;
    const { genesis, genesisFile } = this.#options;
    this.#lifecycle.onStop(() => this.store.close());
    const questions = new QuestionServer({ host });
    await serveSync({ questions, store: this.store, application });
    await serveQueries({
      questions,
      application,
      submit: (transaction, peer) => this.#transactions.submitByStem(transaction, peer),
    });
    await this.#gossip.start();
    this.#lifecycle.onStop(() => this.#gossip.stop());
    if (contacts.configured.length > 0 && (await application.info()).height === 0)
      await this.#beginFromSnapshot();
    await handshake(
      { chainId: fromUtf8(genesis.name), time: genesis.time, genesis: genesisFile },
      { application, store: this.store },
    );
    const known = this.store.summary(this.#options.checkpoint?.height ?? 0);
    if (known) requireCheckpoint(known.header, this.#options.checkpoint);
    await this.#loop.start();
    if (forkAt(this.#forkPath)) this.#loop.halt(FORKED);
    this.#lifecycle.onStop(() => this.#loop.stop());
    this.#started = true;
    this.#watch.start();
    this.#lifecycle.onStop(() => this.#watch.stop());
    this.#sync.start();
    this.#lifecycle.onStop(() => this.#sync.stop());
    this.#gossip.tellStatus();
  }

  stop(): Promise<void> {
    return this.#lifecycle.stop();
  }

  get status(): ChainStatus {
    const { halted, problem = this.#distrust } = this.#loop;
    const state = halted
      ? 'halted'
      : !this.#started
        ? 'starting'
        : this.#sync.lag > SYNCING_LAG
          ? 'syncing'
          : 'following';
    return {
      height: Math.max(0, this.store.height),
      round: this.#started ? this.#loop.status.round : 0,
      bestHeight: Math.max(this.store.height, this.#sync.best),
      state,
      problem,
      peers: this.#gossip.peers.length,
      mempool: { transactions: this.#pool.size, bytes: this.#pool.bytes },
    };
  }

  /** The proof that the chain has forked, on a node that has halted for it. */
  get fork(): KeptFork | undefined {
    return forkAt(this.#forkPath);
  }

  /** Submits a transaction along a stem. Code 0 when it is in the pool. */
  submit(transaction: Uint8Array): Promise<CheckTxResult> {
    return this.#transactions.submitByStem(transaction);
  }

  /** Calls `listener` for each block as it becomes final, until the returned function is called. */
  onBlock(listener: (block: NewBlock) => void): () => void {
    return this.#blocks.on(listener);
  }

  /** Calls `listener` when height, round or state have changed, until the returned function is called. */
  onChange(listener: () => void): () => void {
    return this.#changes.on(listener);
  }

  #makeLoop(): ConsensusLoop {
    const { genesis, home, clockToleranceMs = CLOCK_TOLERANCE_MS } = this.#options;
    const { application, key, log, now = Date.now, verify = verifyAll } = this.#deps;
    const { chainId } = genesis.parameters;
    const { timeouts, maxBytes } = genesis.consensus;
    const validator = () => {
      const guard = new LastSign(join(home, 'last-sign'), this.#deps.replaceFile ?? replaceFile);
      return new Validator(chainId, { key: key!, guard });
    };
    const { unbondingBlocks: evidenceBlocks } = genesis.parameters;
    const rules = { timeouts, clockToleranceMs, maxBytes, evidenceBlocks, ...this.#accountability };
    return new ConsensusLoop(
      { chainId, begins: genesis.time, ...rules },
      {
        application,
        store: this.store,
        wal: this.#wal,
        validator: key && validator(),
        verify,
        now,
        log,
        picker: () => this.#transactions.picker(),
        onVerified: (ms) => this.#transactions.noteVerified(ms),
        relay: (message) => this.#gossip.relay(message),
        broadcast: (message) => this.#gossip.broadcast(message),
        onMove: () => this.#moved(),
        rest: () => this.#idlePause.ms,
        onFinal: (final, firstSeen) => this.#final(final, firstSeen),
        onEvidence: (evidence) => this.#report(evidence),
        onFork: (ours, theirs) => this.#halt(ours, theirs),
      },
    );
  }

  #source() {
    return {
      status: () => ({
        height: Math.max(0, this.store.height) + 1,
        round: this.#started ? this.#loop.status.round : 0,
        base: Math.max(0, this.store.base),
      }),
      record: (height: number) => (this.#started ? this.#loop.record(height) : undefined),
      receiveConsensus: (message: Parameters<ConsensusLoop['receive']>[0]) => {
        if (this.#started) this.#loop.receive(message);
      },
      receiveTransactions: (message: Parameters<TransactionGossip['receive']>[0], peer: ChainPeer) =>
        this.#transactions.receive(message, peer),
      peerJoined: (peer: ChainPeer) => this.#transactions.introduce(peer),
      peerMoved: (peer: ChainPeer) => {
        this.#deps.contacts.metOnChain(peer.id);
        this.#sync.nudge();
      },
    };
  }

  #moved(): void {
    if (this.#started) this.#gossip.tellStatus();
    this.#changes.publish();
  }

  async #final(final: FinalBlock, firstSeen: number | undefined): Promise<void> {
    this.#pool.update(final.block.transactions);
    void this.#reports?.retry();
    this.#idlePause.note(final.block.transactions);
    const { height } = final.block.header;
    const { keepBlocks } = this.#options;
    if (keepBlocks !== undefined) this.store.prune(height - keepBlocks + 1);
    const finalityMs = firstSeen === undefined ? undefined : performance.now() - firstSeen;
    this.#sync.nudge();
    this.#blocks.publish({ ...final, finalityMs });
  }

  /** Every node that has seen both votes submits the evidence; the first in a block counts. */
  #report(evidence: Equivocation): void {
    const { height, round } = evidence;
    const validators = offendersOf(evidence).map(toHex);
    this.#deps.log.warn({ height, round, validators }, 'double signatures found');
    void this.#reports?.report(evidence);
  }

  /** Stores the proof of the fork at the lowest height known to differ, where blame is most certain. */
  #halt(ours: Commit, theirs: Commit): void {
    if (!this.#loop.halted) {
      this.#loop.halt(FORKED);
      // A fork seen at the tip began below it: ask the connected peers before they are gone.
      this.#watch.lookAgain();
    }
    const { height } = ours;
    if (height < (this.fork?.ours.height ?? Number.POSITIVE_INFINITY)) {
      const { chainId } = this.#options.genesis.parameters;
      const validators = this.store.validators(height)!;
      const votes = votesIn(this.#wal.recordsOf(height));
      keepFork(this.#forkPath, { chainId, ours, theirs, validators, votes });
    }
  }

  get #accountability(): AccountabilityOptions {
    const { trustingPeriodMs, checkpoint } = this.#options;
    return { trustingPeriodMs, checkpoint: checkpoint?.height };
  }

  get #now(): () => number {
    return this.#deps.now ?? Date.now;
  }

  get #forkPath(): string {
    return join(this.#options.home, 'fork');
  }

  /**
   * Validators of long ago that have left can sign any other past. So a node far behind takes over blocks only
   * after a recent trusted one, or up to the checkpoint. Throws TRUST_EXPIRED when it has neither.
   */
  #requireTrust(): void {
    const { checkpoint, genesis, snapshotLag = SNAPSHOT_LAG, trustingPeriodMs } = this.#options;
    const { height, time } = this.store.summary(this.store.height)?.header ?? {
      height: 0,
      time: genesis.time,
    };
    const isVouched = checkpoint !== undefined && height < checkpoint.height;
    if (this.#sync.lag > snapshotLag && !isVouched) {
      try {
        requireFresh({ height, time }, trustingPeriodMs ?? TRUSTING_PERIOD_MS, this.#now());
      } catch (error) {
        if (this.#distrust === undefined) this.#deps.log.error(messageOf(error));
        this.#distrust = messageOf(error);
        throw error;
      }
    }
    this.#distrust = undefined;
  }

  /** A node without blocks starts from a snapshot of a peer instead of replaying years of blocks. */
  async #beginFromSnapshot(): Promise<void> {
    const { application, contacts, log, now = Date.now, verify = verifyAll, firstValidators } = this.#deps;
    if (!firstValidators) return;
    const { clockToleranceMs = CLOCK_TOLERANCE_MS, trustingPeriodMs = TRUSTING_PERIOD_MS } = this.#options;
    const { signal } = this.#lifecycle;
    const until = performance.now() + (this.#options.checkpoint ? VOUCHED_PEER_MS : FIRST_PEER_MS);
    const heard = () => this.#gossip.peers.filter(({ status }) => status !== undefined).length;
    while (this.#sync.best === 0 && heard() < contacts.configured.length && performance.now() < until)
      await pause(50, signal);
    if (this.#sync.lag <= (this.#options.snapshotLag ?? SNAPSHOT_LAG)) return;
    const clients = this.#gossip.peers.map(({ id }) => this.#sync.client(id));
    const { chainId } = this.#options.genesis.parameters;
    const { checkpoint, genesis } = this.#options;
    const from = checkpoint
      ? await trustedAt(checkpoint, clients)
      : LightClient.genesis(await firstValidators(), genesis.time);
    // Without a usable snapshot the blocks would be replayed, which nobody vouches for either.
    requireFresh(from, trustingPeriodMs, now());
    const trust = { chainId, from, trustingPeriodMs, clockToleranceMs: 2 * clockToleranceMs };
    const height = await syncSnapshot(trust, { application, store: this.store, clients, verify, now, log });
    if (height > 0) log.info({ height }, 'restored from a snapshot');
  }
}

const FORKED =
  'two final blocks of one height: the chain has forked. Run "bitorch chain blame" to see who is responsible, and do not delete this folder';

const steady = (): number => performance.now();
