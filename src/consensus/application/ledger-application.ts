import { BitorchError, equalBytes, Mutex } from '#base';
import type { Curve, SigningKey } from '#crypto';
import {
  type Candidate,
  type Equivocation,
  heads,
  Ledger,
  Mempool,
  type MempoolOptions,
  parametersOf,
  rateOf,
  type SpendRules,
  type Transaction,
} from '#ledger';
import { everythingIn, MemoryStore, type Store } from '#store';
import { accusation } from './accusation.ts';
import type {
  Application,
  ApplicationInfo,
  ApplyChunkRequest,
  ApplyChunkResult,
  BlockRequest,
  CheckTxRequest,
  CheckTxResult,
  ChunkRequest,
  FinalizeBlockResult,
  InitChainRequest,
  InitChainResult,
  OfferSnapshotRequest,
  OfferSnapshotResult,
  PrepareProposalRequest,
  QueryRequest,
  QueryResult,
  StateSnapshot,
  VoteExtensionRequest,
  WaitingTransactions,
} from './application.ts';
import { BEACON_BYTES, proveBeacon } from './beacon.ts';
import {
  applicationHash,
  type ChainRecord,
  chainRecordOf,
  firstRecord,
  recordChange,
  recordHash,
} from './chain-record.ts';
import { ACCEPTED, isAnswer, refusedFor, verdictOf, verdictOn } from './codes.ts';
import {
  type Execution,
  execute,
  FRAMING_BYTES,
  type Rehearsal,
  rehearse,
  requestHash,
  verifiedOnly,
} from './execution.ts';
import { genesisHash, ledgerGenesis, requireAgreement } from './genesis.ts';
import { parseGenesis } from './genesis-text.ts';
import { updatesBetween } from './power.ts';
import { answerIn } from './queries/answers.ts';
import type { QueryReader } from './queries/reader-thread.ts';
import { SNAPSHOT_FORMAT } from './snapshots/chunks.ts';
import { Restoration, type Staging } from './snapshots/restoration.ts';
import type { SnapshotFolder } from './snapshots/snapshot-folder.ts';
import { allProven, type SpendVerifier } from './verification/spend-verifier.ts';

export interface LedgerApplicationOptions {
  /** This validator's consensus key; without it the node cannot propose. */
  readonly key?: SigningKey;
  readonly mempool?: MempoolOptions;
}

export interface LedgerApplicationDependencies {
  readonly store: Store;
  readonly curve: Curve;
  readonly verifier: SpendVerifier;
  /** Answers queries in another thread; they run in this thread when absent. */
  readonly reader?: QueryReader;
  /** Where snapshots are kept for other nodes; none are taken when absent. */
  readonly snapshots?: SnapshotFolder;
  /** Where a snapshot of other nodes is restored; in memory by default. */
  readonly stage?: () => Promise<Staging>;
  /** For tests of the state, see `LedgerOptions`. */
  readonly spends?: SpendRules;
}

/** What exists once the chain has begun. */
interface Chain {
  readonly ledger: Ledger;
  readonly mempool: Mempool;
}

const NOTHING = new Uint8Array(0);
const NONE_WAITING: WaitingTransactions = {
  size: 0,
  bytes: 0,
  has: () => false,
  get: () => undefined,
  ids: () => [],
};
/** Cached executions of proposals that may yet be decided. */
const MAX_EXECUTIONS = 8;

/**
 * The ledger behind the `Application` interface. Knows nothing of the engine; its only clock is the time of blocks.
 */
export class LedgerApplication implements Application {
  readonly #options: LedgerApplicationOptions;
  readonly #on: LedgerApplicationDependencies;
  #chain: Chain | undefined;
  #restoration: Restoration | undefined;
  /** By request hash: `finalizeBlock` need not repeat what `processProposal` has executed. */
  readonly #executions = new Map<string, Execution>();
  /** Hashes of the proposals that were accepted. */
  readonly #accepted = new Set<string>();
  #finalized: Execution | undefined;
  /** Serializes access to the state. */
  readonly #mutex = new Mutex();

  constructor(options: LedgerApplicationOptions, dependencies: LedgerApplicationDependencies) {
    this.#options = options;
    this.#on = dependencies;
    if (heads.has(dependencies.store, 0)) this.#open();
  }

  async info(): Promise<ApplicationInfo> {
    if (!this.#chain) return { height: 0, appHash: NOTHING };
    const { height, appHash } = this.#chain.ledger.head;
    return { height, appHash: applicationHash(appHash, recordHash(this.#record)) };
  }

  initChain(request: InitChainRequest): Promise<InitChainResult> {
    return this.#mutex.run(async () => {
      const { curve, store } = this.#on;
      const genesis = parseGenesis(request.genesis, curve);
      if (this.#chain) this.#requireSameBeginning(genesisHash(genesis));
      else {
        requireAgreement(request, genesis);
        // Built separately, so that ledger and record are written in one batch.
        const beside = new MemoryStore();
        Ledger.create(ledgerGenesis(genesis, curve), { ...this.#ledgerOptions(), store: beside });
        store.commit([...everythingIn(beside), recordChange(firstRecord(genesis, beside))]);
        this.#open();
      }
      return { validators: this.#record.powers, appHash: (await this.info()).appHash };
    });
  }

  async checkTx({ bytes }: CheckTxRequest): Promise<CheckTxResult> {
    try {
      return { ...ACCEPTED, priority: priorityOf(await this.#admit(bytes)) };
    } catch (error) {
      return { ...(isAnswer(error) ? refusedFor(error) : verdictOn(error)), priority: 0 };
    }
  }

  get waiting(): WaitingTransactions {
    return this.#chain?.mempool ?? NONE_WAITING;
  }

  prepareProposal(request: PrepareProposalRequest): Promise<{ transactions: readonly Uint8Array[] }> {
    return this.#mutex.run(async () => {
      const { ledger, mempool } = this.#begun();
      const { key } = this.#options;
      if (!key || !equalBytes(key.publicKey, request.proposer)) {
        throw new BitorchError('KEY_MISSING', 'this node cannot propose: give it the validator’s key');
      }
      const record = this.#record;
      const others = await verifiedOnly(request.transactions, {
        ledger,
        record,
        verifier: this.#on.verifier,
      });
      const beacon = proveBeacon(record.beacon, key, ledger.curve);
      const maxBytes = Math.min(request.maxBytes, record.consensus.maxBytes) - BEACON_BYTES - FRAMING_BYTES;
      const { proposer, picks } = request;
      const chosen =
        verdictOf(() => mempool.select({ proposer, maxBytes, framing: FRAMING_BYTES, others, picks })) ?? [];
      return { transactions: [beacon, ...chosen.map(({ bytes }) => bytes)] };
    });
  }

  /**
   * Proofs are verified concurrently: neither the state nor other proposals wait for them. Throws only when a
   * thread or the disk fails: an invalid proposal is rejected, whatever is wrong with it.
   */
  async processProposal(request: BlockRequest): Promise<boolean> {
    const name = requestHash(request);
    if (this.#accepted.has(name)) return true;
    const rehearsal = await this.#mutex.run(async () => verdictOf(() => this.#rehearse(request)));
    if (!rehearsal || !(await this.#proofsHold(rehearsal))) return false;
    if (request.height !== this.#begun().ledger.head.height + 1) return false;
    this.#keep(name, rehearsal.execution);
    this.#accepted.add(name);
    return true;
  }

  async extendVote(): Promise<Uint8Array> {
    return NOTHING;
  }

  async verifyVoteExtension({ extension }: VoteExtensionRequest): Promise<boolean> {
    return extension.length === 0;
  }

  finalizeBlock(request: BlockRequest): Promise<FinalizeBlockResult> {
    return this.#mutex.run(async () => {
      const next = this.#begun().ledger.head.height + 1;
      if (request.height !== next) {
        throw new BitorchError(
          'HEIGHT_WRONG',
          `block ${request.height} was decided, but the next height of the state is ${next}`,
        );
      }
      this.#finalized = await this.#execute(request);
      const { results, record, appHash } = this.#finalized;
      return { results, appHash, validatorUpdates: updatesBetween(this.#record.powers, record.powers) };
    });
  }

  commit(): Promise<{ retainHeight: number }> {
    return this.#mutex.run(async () => {
      const { ledger, mempool } = this.#begun();
      const finalized = this.#finalized;
      if (!finalized) throw new BitorchError('HEIGHT_WRONG', 'there is no finalized block to commit');
      ledger.commit(finalized.ledger, [recordChange(finalized.record)]);
      this.#finalized = undefined;
      this.#executions.clear();
      this.#accepted.clear();
      // If a transaction cannot even be checked any more, the whole pool is dropped: peers offer the rest again.
      const pruned = verdictOf(() => {
        mempool.prune();
        return true;
      });
      if (!pruned) this.#open();
      const { snapshots } = this.#on;
      const { height } = ledger.head;
      if (snapshots?.isDue(height)) snapshots.take(height, ledger.snapshot());
      return { retainHeight: 0 };
    });
  }

  async query({ path, data, height = 0, prove = false }: QueryRequest): Promise<QueryResult> {
    try {
      const { mempool } = this.#begun();
      const asked = { path, data, height, prove };
      const pool = { count: mempool.size, bytes: mempool.bytes };
      const { reader, store } = this.#on;
      return { ...ACCEPTED, ...(reader ? await reader.answer(asked, pool) : answerIn(store, pool, asked)) };
    } catch (error) {
      const at = this.#chain?.ledger.head.height ?? 0;
      return { ...refusedFor(error), value: NOTHING, proof: NOTHING, height: at };
    }
  }

  async listSnapshots(): Promise<readonly StateSnapshot[]> {
    return (await this.#on.snapshots?.list()) ?? [];
  }

  async loadSnapshotChunk(request: ChunkRequest): Promise<Uint8Array | undefined> {
    return this.#on.snapshots?.chunk(request);
  }

  offerSnapshot(offer: OfferSnapshotRequest): Promise<OfferSnapshotResult> {
    return this.#mutex.run(async () => {
      await this.#dropRestoration();
      if (this.#chain) return 'abort';
      if (offer.snapshot.format !== SNAPSHOT_FORMAT) return 'reject-format';
      this.#restoration = await Restoration.begin(offer, this.#on.stage ?? stageInMemory);
      return this.#restoration ? 'accept' : 'reject';
    });
  }

  applySnapshotChunk(request: ApplyChunkRequest): Promise<ApplyChunkResult> {
    return this.#mutex.run(async () => {
      const restoration = this.#restoration;
      if (!restoration) return { result: 'abort', rejectSenders: [] };
      const result = restoration.apply(request);
      if (result.result === 'accept' && restoration.isComplete) {
        this.#on.store.commit(restoration.state());
        this.#open();
      }
      if (result.result === 'reject-snapshot' || restoration.isComplete) await this.#dropRestoration();
      return result;
    });
  }

  /** The transaction that reports double signers. */
  accuse(evidence: Equivocation): Uint8Array {
    const { ledger } = this.#begun();
    return accusation(evidence, parametersOf(ledger.state), ledger.head.height, ledger.curve);
  }

  get #record(): ChainRecord {
    return chainRecordOf(this.#on.store)!;
  }

  #ledgerOptions() {
    const { store, curve, spends } = this.#on;
    return { store, curve, ...(spends && { spends }) };
  }

  #open(): void {
    const ledger = Ledger.open(this.#ledgerOptions());
    this.#chain = { ledger, mempool: new Mempool(ledger, this.#options.mempool) };
  }

  #begun(): Chain {
    if (!this.#chain)
      throw new BitorchError('CHAIN_MISSING', 'the chain has not begun: there is no genesis yet');
    return this.#chain;
  }

  /** Checks a transaction, cheapest rules first. One that is already in the pool is valid. */
  async #admit(bytes: Uint8Array): Promise<Transaction> {
    const { ledger, mempool } = this.#begun();
    if (mempool.has(Mempool.idOf(bytes))) return ledger.parse(bytes);
    const candidate = await this.#examine(bytes, mempool);
    const { transaction } = candidate;
    const { id } = transaction.hashes;
    if (transaction.proofs.spend && !ledger.verified.has(id)) {
      const [holds] = await this.#on.verifier.verify(ledger.state, [candidate], 'pool');
      if (!holds) throw new BitorchError('PROOFS_INVALID', 'transaction refused: its proofs do not hold');
      ledger.verified.add(id);
    }
    if (!mempool.has(Mempool.idOf(bytes))) mempool.admit(candidate);
    return transaction;
  }

  /** Evidence is verified in a thread, after every cheaper check. */
  async #examine(bytes: Uint8Array, mempool: Mempool): Promise<Candidate> {
    const candidate = mempool.examine(bytes, { defer: true });
    if (candidate.unproven.length === 0) return candidate;
    const { unproven, transaction } = candidate;
    if (!(await allProven(unproven, transaction.body.chainId, this.#on.verifier, 'pool')))
      throw new BitorchError('PROOFS_INVALID', 'transaction refused: a vote is not signed by its validator');
    return mempool.examine(bytes);
  }

  #rehearse(request: BlockRequest): Rehearsal | undefined {
    const { ledger } = this.#begun();
    if (request.height !== ledger.head.height + 1) return undefined;
    return rehearse(request, { ledger, record: this.#record });
  }

  async #proofsHold({ unverified, unproven }: Rehearsal): Promise<boolean> {
    const { ledger } = this.#begun();
    const { chainId } = parametersOf(ledger.state);
    if (!(await allProven(unproven, chainId, this.#on.verifier, 'block'))) return false;
    const hold = unverified.length === 0 || (await this.#on.verifier.allHold(ledger.state, unverified));
    if (hold) for (const { transaction } of unverified) ledger.verified.add(transaction.hashes.id);
    return hold;
  }

  async #execute(request: BlockRequest): Promise<Execution> {
    const name = requestHash(request);
    const known = this.#executions.get(name);
    if (known) return known;
    const { ledger } = this.#begun();
    const execution = await execute(request, { ledger, record: this.#record, verifier: this.#on.verifier });
    this.#keep(name, execution);
    return execution;
  }

  #keep(name: string, execution: Execution): void {
    if (this.#executions.size >= MAX_EXECUTIONS) {
      this.#executions.clear();
      this.#accepted.clear();
    }
    this.#executions.set(name, execution);
  }

  #requireSameBeginning(hash: Uint8Array): void {
    const begun = this.#record.genesis;
    if (equalBytes(begun, hash) && this.#begun().ledger.head.height === 0) return;
    throw new BitorchError(
      'GENESIS_MISMATCH',
      'the store holds another chain, or more of this one: start with an empty store',
    );
  }

  async #dropRestoration(): Promise<void> {
    const dropped = this.#restoration;
    this.#restoration = undefined;
    await dropped?.discard();
  }
}

/** As a number that an engine can compare: at most 2^53. */
const priorityOf = (transaction: Transaction): number => {
  const rate = rateOf(transaction);
  return Number(rate < BigInt(Number.MAX_SAFE_INTEGER) ? rate : Number.MAX_SAFE_INTEGER);
};

async function stageInMemory(): Promise<Staging> {
  const store = new MemoryStore();
  return { store, discard: () => store.close() };
}
