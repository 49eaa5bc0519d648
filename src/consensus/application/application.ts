/**
 * The border between consensus and what it decides about, in the shape of ABCI 2.0 (CometBFT v0.38): an engine calls
 * these methods, whichever engine it is, and knows nothing else of the application; the application knows nothing of
 * the engine. Keys are whole Ed25519 public keys (32 bytes), hashes 32 bytes, heights from 1, times in ms since epoch.
 *
 * Order of calls, from one engine: `info`; on an empty application `initChain` once (again after a crash before the
 * first `commit`); then for each height `finalizeBlock`, `commit`. `prepareProposal` and `processProposal` may come any
 * number of times before that, for any round. The others may come at any time, between any two of these.
 */
export interface Application {
  info(): Promise<ApplicationInfo>;
  /** Idempotent. @throws BitorchError `GENESIS_INVALID`; `GENESIS_MISMATCH` when it has begun another chain already */
  initChain(request: InitChainRequest): Promise<InitChainResult>;
  /** Takes the transaction among those that wait for a block, or says why not. Never throws for what a stranger sends. */
  checkTx(request: CheckTxRequest): Promise<CheckTxResult>;
  /** What waits: the engine keeps no list of its own. */
  readonly waiting: WaitingTransactions;
  /** What to propose. Called on the proposer only. */
  prepareProposal(request: PrepareProposalRequest): Promise<{ readonly transactions: readonly Uint8Array[] }>;
  /** Whether to vote for a proposal: a function of state and request alone; true for every honest one. */
  processProposal(request: BlockRequest): Promise<boolean>;
  /** Nothing is added to votes; only nothing is accepted from others. */
  extendVote(request: { readonly height: number; readonly blockId: Uint8Array }): Promise<Uint8Array>;
  verifyVoteExtension(request: VoteExtensionRequest): Promise<boolean>;
  /**
   * What a decided block does: a function of state and request alone. An invalid transaction has no effect and a result
   * with a code. Nothing is durable before `commit`, so after a crash it is asked again.
   * @throws BitorchError `HEIGHT_WRONG` when the height is not the next one
   */
  finalizeBlock(request: BlockRequest): Promise<FinalizeBlockResult>;
  /** Makes the last finalized block the state, in one durable write. Blocks below `retainHeight` may go; 0 keeps all. */
  commit(): Promise<{ readonly retainHeight: number }>;
  /** Never throws for what a stranger asks. */
  query(request: QueryRequest): Promise<QueryResult>;

  listSnapshots(): Promise<readonly StateSnapshot[]>;
  /** Undefined when there is no such chunk (any more). */
  loadSnapshotChunk(request: ChunkRequest): Promise<Uint8Array | undefined>;
  /** Begins to take a snapshot in place of a state, on an empty application; drops one that was begun before. */
  offerSnapshot(request: OfferSnapshotRequest): Promise<OfferSnapshotResult>;
  applySnapshotChunk(request: ApplyChunkRequest): Promise<ApplyChunkResult>;
}

export interface ApplicationInfo {
  /** The last committed block; 0 when there is none. */
  readonly height: number;
  /** After that block; empty before `initChain`. */
  readonly appHash: Uint8Array;
}

/** A power of 0 takes the validator out. */
export interface ValidatorPower {
  readonly key: Uint8Array;
  readonly power: number;
}

export interface InitChainRequest {
  /** The network's name. */
  readonly chainId: string;
  /** The genesis file, see docs/protocol/genesis.md. */
  readonly genesis: Uint8Array;
  readonly time: number;
  readonly initialHeight: number;
}

export interface InitChainResult {
  /** The whole first set, ordered by key. */
  readonly validators: readonly ValidatorPower[];
  readonly appHash: Uint8Array;
}

export interface CheckTxRequest {
  readonly bytes: Uint8Array;
  /** It waits already and a block has been committed since. */
  readonly recheck?: boolean;
}

export interface CheckTxResult {
  /** 0: it may wait, and others should hear of it. */
  readonly code: number;
  /** The error's message, or nothing; which error it was says the code. */
  readonly log: string;
  /** Millionths of a spark a unit of weight: what blocks choose by. */
  readonly priority: number;
}

/** Transactions that wait for a block, by the sha256 of their bytes. Changes with `checkTx` and `commit`. */
export interface WaitingTransactions {
  readonly size: number;
  readonly bytes: number;
  has(id: Uint8Array): boolean;
  get(id: Uint8Array): Uint8Array | undefined;
  /** Best paid first; to be read at once, before anything comes or goes. */
  ids(): Iterable<Uint8Array>;
}

export interface PrepareProposalRequest {
  readonly height: number;
  readonly time: number;
  /** This node's consensus key. */
  readonly proposer: Uint8Array;
  /** Bytes of transactions, with up to 5 bytes of framing for each. */
  readonly maxBytes: number;
  /** Those that wait with the engine; the application adds those that wait with itself. */
  readonly transactions: readonly Uint8Array[];
  /** Asked about each that waits with the application and would go in: an engine may know what others have not verified. */
  readonly picks?: (transaction: Uint8Array) => boolean;
}

/** A block as far as the application is concerned. */
export interface BlockRequest {
  readonly height: number;
  readonly time: number;
  readonly proposer: Uint8Array;
  readonly blockId: Uint8Array;
  readonly transactions: readonly Uint8Array[];
  /** Misbehaviour that the engine proves in this block; an engine whose evidence are transactions has none. */
  readonly misbehavior: readonly Misbehavior[];
  /** Who signed the block before this one. */
  readonly lastCommit: LastCommit;
}

export interface LastCommit {
  readonly round: number;
  readonly votes: readonly {
    readonly validator: Uint8Array;
    readonly power: number;
    readonly flag: 'absent' | 'commit' | 'nil';
  }[];
}

export interface Misbehavior {
  readonly kind: 'duplicate-vote' | 'light-client-attack';
  readonly validator: Uint8Array;
  readonly height: number;
}

export interface TransactionResult {
  readonly code: number;
  readonly log: string;
}

export interface FinalizeBlockResult {
  /** One for each transaction of the block. */
  readonly results: readonly TransactionResult[];
  /** What changes in the set of validators at height + 2, ordered by key. */
  readonly validatorUpdates: readonly ValidatorPower[];
  readonly appHash: Uint8Array;
}

export interface VoteExtensionRequest {
  readonly height: number;
  readonly blockId: Uint8Array;
  readonly validator: Uint8Array;
  readonly extension: Uint8Array;
}

export interface QueryRequest {
  /** One of the paths of docs/protocol/application.md. */
  readonly path: string;
  readonly data: Uint8Array;
  /** The height to answer for: the last one or 0, which means it. */
  readonly height?: number;
  readonly prove?: boolean;
}

export interface QueryResult {
  readonly code: number;
  readonly log: string;
  readonly value: Uint8Array;
  /** Leads from the value to the app hash after `height`; empty where no proof was asked for. */
  readonly proof: Uint8Array;
  /** The answer is true after this block. */
  readonly height: number;
  /** Milliseconds of computing that it took, where that is known. */
  readonly costMs?: number;
}

/** A state that others can begin from. */
export interface StateSnapshot {
  readonly height: number;
  readonly format: number;
  readonly chunks: number;
  /** Of `metadata`. */
  readonly hash: Uint8Array;
  /** Hashes of the chunks. */
  readonly metadata: Uint8Array;
}

export interface ChunkRequest {
  readonly height: number;
  readonly format: number;
  readonly chunk: number;
}

export interface OfferSnapshotRequest {
  readonly snapshot: StateSnapshot;
  /** After the snapshot's height, from a header that the caller trusts. */
  readonly appHash: Uint8Array;
}

export type OfferSnapshotResult = 'accept' | 'reject' | 'reject-format' | 'abort';

export interface ApplyChunkRequest {
  readonly index: number;
  readonly chunk: Uint8Array;
  /** Whoever sent it, in the caller's words. */
  readonly sender: string;
}

export interface ApplyChunkResult {
  /**
   * `accept` (after the last chunk: it is the state now), `retry` this chunk from somebody else, `reject-snapshot` and
   * take another, `abort` when no snapshot was offered.
   */
  readonly result: 'accept' | 'retry' | 'reject-snapshot' | 'abort';
  readonly rejectSenders: readonly string[];
}
