/**
 * The interface between consensus and the application, in the shape of ABCI 2.0 (CometBFT v0.38). Any engine can
 * call these methods and knows nothing else of the application; the application knows nothing of the engine. Keys
 * are Ed25519 public keys (32 bytes), hashes are 32 bytes, heights start at 1, times are ms since epoch.
 *
 * Order of calls, from one engine: `info`; on an empty application `initChain` once (again after a crash before the
 * first `commit`); then for each height `finalizeBlock`, `commit`. `prepareProposal` and `processProposal` may be
 * called any number of times before that, for any round. The other methods may be called at any time, between any
 * two of these.
 */
export interface Application {
  info(): Promise<ApplicationInfo>;
  /**
   * Idempotent. Throws GENESIS_INVALID when the genesis breaks a rule, GENESIS_MISMATCH when another chain has
   * begun.
   */
  initChain(request: InitChainRequest): Promise<InitChainResult>;
  /** Adds a transaction to the pool, or returns why not. Never throws on a peer's input. */
  checkTx(request: CheckTxRequest): Promise<CheckTxResult>;
  /** The pool; the engine keeps none of its own. */
  readonly waiting: WaitingTransactions;
  /** The transactions to propose. Called on the proposer only. */
  prepareProposal(request: PrepareProposalRequest): Promise<{ readonly transactions: readonly Uint8Array[] }>;
  /** Whether to vote for a proposal: a function of state and request only; true for every honest proposal. */
  processProposal(request: BlockRequest): Promise<boolean>;
  /** Vote extensions are not used: ours are empty, and only empty ones are accepted. */
  extendVote(request: { readonly height: number; readonly blockId: Uint8Array }): Promise<Uint8Array>;
  verifyVoteExtension(request: VoteExtensionRequest): Promise<boolean>;
  /**
   * Executes a decided block: a function of state and request only. An invalid transaction has no effect and a
   * result with a code. Nothing is durable before `commit`, so the engine calls again after a crash. Throws
   * HEIGHT_WRONG when the height is not the next one.
   */
  finalizeBlock(request: BlockRequest): Promise<FinalizeBlockResult>;
  /**
   * Makes the last finalized block the state, in one durable write. Blocks below `retainHeight` may be pruned; 0
   * keeps all.
   */
  commit(): Promise<{ readonly retainHeight: number }>;
  /** Never throws on a peer's input. */
  query(request: QueryRequest): Promise<QueryResult>;

  listSnapshots(): Promise<readonly StateSnapshot[]>;
  /** Undefined when the chunk does not exist (any more). */
  loadSnapshotChunk(request: ChunkRequest): Promise<Uint8Array | undefined>;
  /** Starts restoring a snapshot on an empty application; discards a restoration in progress. */
  offerSnapshot(request: OfferSnapshotRequest): Promise<OfferSnapshotResult>;
  applySnapshotChunk(request: ApplyChunkRequest): Promise<ApplyChunkResult>;
}

export interface ApplicationInfo {
  /** Height of the last committed block; 0 before the first. */
  readonly height: number;
  /** App hash after that block; empty before `initChain`. */
  readonly appHash: Uint8Array;
}

/** Power 0 removes the validator. */
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
  /** The complete first set, ordered by key. */
  readonly validators: readonly ValidatorPower[];
  readonly appHash: Uint8Array;
}

export interface CheckTxRequest {
  readonly bytes: Uint8Array;
  /** The transaction is in the pool already, and a block has been committed since. */
  readonly recheck?: boolean;
}

export interface CheckTxResult {
  /** 0 when the transaction is in the pool and may be relayed. */
  readonly code: number;
  /** The error message, empty if there is none; `code` identifies the error. */
  readonly log: string;
  /** Millionths of a spark per unit of weight: blocks take transactions in descending order of it. */
  readonly priority: number;
}

/** Transactions waiting for a block, by the SHA-256 of their bytes. Changes with `checkTx` and `commit`. */
export interface WaitingTransactions {
  readonly size: number;
  readonly bytes: number;
  has(id: Uint8Array): boolean;
  get(id: Uint8Array): Uint8Array | undefined;
  /** Highest fee rate first. Read at once: any change invalidates the iteration. */
  ids(): Iterable<Uint8Array>;
}

export interface PrepareProposalRequest {
  readonly height: number;
  readonly time: number;
  /** This node's consensus key. */
  readonly proposer: Uint8Array;
  /** Limit on the bytes of the transactions, with up to 5 bytes of framing each. */
  readonly maxBytes: number;
  /** Transactions in the engine's pool; the application adds those in its own. */
  readonly transactions: readonly Uint8Array[];
  /**
   * Called for each transaction in the application's pool that would fit: an engine may skip those that other
   * validators have not verified.
   */
  readonly picks?: (transaction: Uint8Array) => boolean;
}

/** A block as the application sees it. */
export interface BlockRequest {
  readonly height: number;
  readonly time: number;
  readonly proposer: Uint8Array;
  readonly blockId: Uint8Array;
  readonly transactions: readonly Uint8Array[];
  /** Misbehaviour that the engine proves in this block; empty for an engine whose evidence is in transactions. */
  readonly misbehavior: readonly Misbehavior[];
  /** The validators that signed the previous block. */
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
  /** One per transaction of the block. */
  readonly results: readonly TransactionResult[];
  /** Changes to the validator set at height + 2, ordered by key. */
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
  /** The height to answer for: the last one, or 0 for the same. */
  readonly height?: number;
  readonly prove?: boolean;
}

export interface QueryResult {
  readonly code: number;
  readonly log: string;
  readonly value: Uint8Array;
  /** Proves the value under the app hash after `height`; empty when no proof was requested. */
  readonly proof: Uint8Array;
  /** The block after which the answer holds. */
  readonly height: number;
  /** CPU time that the answer took, in ms, where measured. */
  readonly costMs?: number;
}

/** A state that other nodes can start from. */
export interface StateSnapshot {
  readonly height: number;
  readonly format: number;
  readonly chunks: number;
  /** Hash of `metadata`. */
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
  /** App hash after the snapshot's height, from a header that the caller trusts. */
  readonly appHash: Uint8Array;
}

export type OfferSnapshotResult = 'accept' | 'reject' | 'reject-format' | 'abort';

export interface ApplyChunkRequest {
  readonly index: number;
  readonly chunk: Uint8Array;
  /** Identifies the sender, in the caller's terms. */
  readonly sender: string;
}

export interface ApplyChunkResult {
  /**
   * `accept`: applied, and after the last chunk it is the state; `retry`: fetch this chunk from another peer;
   * `reject-snapshot`: try another snapshot; `abort`: no snapshot was offered.
   */
  readonly result: 'accept' | 'retry' | 'reject-snapshot' | 'abort';
  readonly rejectSenders: readonly string[];
}
