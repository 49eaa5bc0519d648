/**
 * API types of the chain and the wallet. Types only, plain JSON. Amounts are sparks in decimal digits
 * (1 TORCH = 10^9 sparks), because they do not fit a double; hashes, keys and ids are hexadecimal; times are
 * milliseconds since epoch.
 */

/**
 * `starting`: looking for peers; then `syncing`: fetching older blocks; then `following`: at the head, back to `syncing` when it
 * falls behind. `halted`: two final blocks at one height were seen; permanent.
 */
export type ChainState = 'starting' | 'syncing' | 'following' | 'halted';

export interface ChainView {
  /** Name of the network, from its genesis. */
  network: string;
  chainId: string;
  /** A test network: coins have no value, and there is a faucet. */
  test: boolean;
  state: ChainState;
  /** Why the node does not advance or sign, and what to do about it. */
  problem?: string;
  /** Height of this node's last block. */
  height: number;
  /** Highest block claimed by a peer. */
  bestHeight: number;
  blockId: string;
  appHash: string;
  /** Time of the last block, as set by its proposer. */
  time: number;
  /** Current round of the next block: 0 unless a proposal failed. */
  round: number;
  /** Medians over recent blocks, in ms: from proposal to finality on this node, and between blocks. */
  finalityMs?: number;
  intervalMs?: number;
  peers: number;
  mempool: MempoolView;
  fee: { base: string; least: string };
  supply: { minted: string; burned: string; shielded: string; open: string };
  epoch: { number: number; blocksLeft: number };
  validators: ValidatorView[];
  /** Newest first, at most 20. */
  blocks: BlockView[];
}

export interface MempoolView {
  transactions: number;
  bytes: number;
}

export interface ValidatorView {
  key: string;
  /** Name of the node that runs it, if announced. `self`: it is this node. */
  name?: string;
  self: boolean;
  /** Member of the current validator set; `share` is its fraction of the power, 0…1. */
  active: boolean;
  power: string;
  share: number;
  stake: string;
  /** 0…1. */
  commission: number;
  /** Missed blocks minus blocks signed since; it is jailed at the network's limit. */
  missed: number;
  /** Height until which it is jailed; 0 = not jailed. */
  jailedUntil: number;
  /** Removed permanently for double-signing. */
  tombstoned: boolean;
  /** How many of the last 100 blocks it signed. */
  signed: number;
  /** Proposes the next block in its first round. */
  proposes: boolean;
}

export interface BlockView {
  height: number;
  id: string;
  time: number;
  proposer: string;
  transactions: number;
  bytes: number;
  /** Round in which it was agreed on. */
  round: number;
  /** Time from proposal to finality on this node, in ms; absent for blocks that were fetched later. */
  finalityMs?: number;
  appHash: string;
}

/** A new block, or a changed state of chain or wallet. */
export type ChainEvent =
  | { type: 'chain'; chain: ChainView }
  | { type: 'block'; block: BlockView }
  | { type: 'wallet'; wallet: WalletView };

export interface WalletView {
  /**
   * `missing`: none was created yet; `locked`: the password was not given since the start; `open`: unlocked and scanning. `create`
   * leads from `missing` to `open`, `unlock` from `locked` to `open`, `lock` back.
   */
  state: 'missing' | 'locked' | 'open';
  /** Whether the user has confirmed the backup words. */
  backedUp: boolean;
  height: number;
  /** Why it cannot follow the chain, and what to do about it. */
  problem?: string;
  /** Progress in outputs while the wallet catches up. */
  scan?: { done: number; total: number };
  balance?: BalanceView;
  address?: string;
}

export interface BalanceView {
  total: string;
  spendable: string;
  /** Not spendable yet: too recent, or change of a pending payment. */
  locked: string;
}

export interface ReceiveAddress {
  index: number;
  address: string;
  label: string;
}

export type FeeTier = 'low' | 'normal' | 'high';

export interface PaymentRequest {
  to: string;
  amount: string;
  tier?: FeeTier;
  /** Makes a second payment although an identical one is pending; otherwise the pending one is retried. */
  again?: boolean;
}

/** The cost of a payment, before it is signed. */
export interface PaymentPreview {
  to: string;
  amount: string;
  fee: string;
  total: string;
  change: string;
  /** More than one if the payment needs more outputs than one transfer can spend. */
  transfers: number;
  inputs: number;
  bytes: number;
  /** Spendable balance afterwards. */
  left: string;
}

export interface PaymentReceipt {
  id: string;
  /** Ids of the payment's other transfers, if any; `id` is the one with the worst outcome. */
  others?: string[];
  fee: string;
  /** Last height at which it can enter a block. */
  expiry: number;
  /**
   * `sent`: waits for a block; `pending`: no node is known to have it, and it is retried until it expires; `refused`: it broke a
   * rule, will not be in any block, and its money can be spent again.
   */
  outcome: 'sent' | 'pending' | 'refused';
  /** Why it was not sent. */
  code?: string;
  message?: string;
}

export interface WalletEntry {
  kind: 'received' | 'minted' | 'sent';
  /** For a sent transaction: its id and its payees. */
  id?: string;
  to?: { address: string; amount: string }[];
  /** For a received output: its number on the ledger, and the index of the receiving address. */
  output?: number;
  index?: number;
  amount: string;
  fee?: string;
  /** 0 while it is in no block. */
  height: number;
  /**
   * `final`: in a block, irreversible. Not in a block: `sent`: waits for one; `pending`: is retried; `refused`: broke a rule;
   * `superseded`: another attempt at the payment replaced it, or another copy of the wallet spent its money; `expired`: too late.
   * `pending` becomes `sent`; both end in any of the others.
   */
  state: 'final' | 'sent' | 'pending' | 'refused' | 'superseded' | 'expired';
}

/** Requests a proof, bound to `message`, that a payment was made (`id`, `payment`) or received (`output`). */
export type ProofRequest = { message: string } & ({ id: string; payment: number } | { output: number });

export interface PaymentProof {
  proof: string;
}

/** The result of checking a proof; the other fields are present when it is valid. */
export interface ProofVerdict {
  valid: boolean;
  to?: string;
  amount?: string;
  height?: number;
}

export interface BackupWords {
  words: string[];
  /** Three positions, from 1, to ask for as a check. */
  ask: number[];
}

export interface WordsCheck {
  words: { position: number; word: string }[];
  password: string;
}

export interface WalletApi {
  view(): WalletView;
  /** Creates a wallet, or restores one from its words. Throws WALLET_EXISTS, WORDS_INVALID or PASSWORD_WEAK. */
  create(request: { password: string; words?: string; restoreHeight?: number }): Promise<BackupWords>;
  /** Throws WALLET_MISSING or PASSWORD_WRONG. */
  unlock(password: string): Promise<WalletView>;
  lock(): WalletView;
  addresses(): ReceiveAddress[];
  addAddress(label: string): Promise<ReceiveAddress>;
  /** Newest first. */
  history(): WalletEntry[];
  /** Throws ADDRESS_INVALID or FUNDS_INSUFFICIENT. */
  preview(request: PaymentRequest): Promise<PaymentPreview>;
  /** Signs and sends; the receipt has the outcome. Throws PASSWORD_WRONG and the errors of `preview`. */
  send(request: PaymentRequest & { password: string }): Promise<PaymentReceipt>;
  prove(request: ProofRequest): Promise<PaymentProof>;
  checkProof(request: { proof: string; message: string }): Promise<ProofVerdict>;
  words(password: string): Promise<BackupWords>;
  /** Marks the wallet as backed up when all the words are right. */
  checkWords(check: WordsCheck): Promise<{ correct: boolean }>;
  /** Sends coins from a test network's faucet. Throws NO_FAUCET or FAUCET_EMPTY. */
  faucet(address?: string): Promise<PaymentReceipt>;
}

/** This node's validator and its bond. */
export interface StakeView {
  /** Consensus key. */
  validator: string;
  bonded: boolean;
  /** Total delegated stake in sparks, and this node's part of it. */
  pool: string;
  own: string;
  /** 0…1. */
  commission: number;
  /** Missed blocks minus blocks signed since. */
  missed: number;
  jailedUntil: number;
  tombstoned: boolean;
}

export interface StakeApi {
  view(): Promise<StakeView>;
  /** Throws PASSWORD_WRONG, FUNDS_INSUFFICIENT, BOND_SMALL, VALIDATOR_OUT or TRANSACTION_INVALID. */
  bond(request: { amount: string; commission?: number; password: string }): Promise<PaymentReceipt>;
  /** Unbonds everything when no amount is given. Throws PASSWORD_WRONG, NOT_BONDED or OWNER_OTHER. */
  unbond(request: { amount?: string; password: string }): Promise<PaymentReceipt>;
  /** Throws PASSWORD_WRONG, NOT_BONDED, NOT_JAILED, STILL_JAILED, VALIDATOR_OUT or OWNER_OTHER. */
  unjail(request: { password: string }): Promise<PaymentReceipt>;
}
