/**
 * What a node shows of the chain and of its wallet. Types only, plain JSON. Amounts are sparks in decimal digits
 * (1 TORCH = 10^9 sparks), because they do not fit a double; hashes, keys and ids are hexadecimal; times are
 * milliseconds since epoch.
 */

/** following: at the head, `syncing`: fetching older blocks, `halted`: two final blocks of one height were seen. */
export type ChainState = 'starting' | 'syncing' | 'following' | 'halted';

export interface ChainView {
  /** Name of the network, as its genesis says. */
  network: string;
  chainId: string;
  /** Money here is worth nothing, and there is a faucet. */
  test: boolean;
  state: ChainState;
  /** Why the node stands still or signs nothing; what to do about it. */
  problem?: string;
  /** Last block that this node has. */
  height: number;
  /** Highest block that a peer says it has. */
  bestHeight: number;
  blockId: string;
  appHash: string;
  /** Of the last block, as its proposer set it. */
  time: number;
  /** Where the block after it stands: 0 unless proposals had to be given up. */
  round: number;
  /** Median milliseconds from a block's proposal to its finality here, and between blocks; over the recent ones. */
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
  /** Of the node that runs it, where that node has told; `self`: this node. */
  name?: string;
  self: boolean;
  /** In the set that signs now; its part of the power is share, 0…1. */
  active: boolean;
  power: string;
  share: number;
  stake: string;
  /** 0…1. */
  commission: number;
  /** Blocks that it has missed more than it has signed since; at the network's limit it is jailed. */
  missed: number;
  /** Height until which it may not come back; 0 = not jailed. */
  jailedUntil: number;
  /** Caught signing twice: out for ever. */
  tombstoned: boolean;
  /** Of the last 100 blocks, how many carry its signature. */
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
  /** Milliseconds from its proposal to its finality here; absent for blocks that were fetched later. */
  finalityMs?: number;
  appHash: string;
}

/** A new block, or another state of the chain. */
export type ChainEvent =
  | { type: 'chain'; chain: ChainView }
  | { type: 'block'; block: BlockView }
  | { type: 'wallet'; wallet: WalletView };

export interface WalletView {
  /** missing: none made yet; locked: its password was not given since the start; open: what comes in shows. */
  state: 'missing' | 'locked' | 'open';
  /** Whether the words were asked back once. */
  backedUp: boolean;
  height: number;
  /** Why it does not come up to the chain; what to do about it. */
  problem?: string;
  /** Outputs looked at while the wallet catches up. */
  scan?: { done: number; total: number };
  balance?: BalanceView;
  address?: string;
}

export interface BalanceView {
  total: string;
  spendable: string;
  /** Too young to be spent, or change of what was just sent. */
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
  /** A payment of its own, although the same one waits already: without it that one is tried again. */
  again?: boolean;
}

/** What a payment would cost, before it is signed. */
export interface PaymentPreview {
  to: string;
  amount: string;
  fee: string;
  total: string;
  change: string;
  /** One, but for a payment out of more small outputs than one can spend. */
  transfers: number;
  inputs: number;
  bytes: number;
  /** Spendable money that is left. */
  left: string;
}

export interface PaymentReceipt {
  id: string;
  /** Ids of the other transfers of the payment, where it takes more than one: `id` is of the one that fared worst. */
  others?: string[];
  fee: string;
  /** Last height at which it can enter a block. */
  expiry: number;
  /**
   * sent: it waits for a block; pending: no node is known to have it, and it is tried again until it expires; refused: it
   * broke a rule, no block will hold it and its money is free.
   */
  outcome: 'sent' | 'pending' | 'refused';
  /** Of what is not sent: why. */
  code?: string;
  message?: string;
}

export interface WalletEntry {
  kind: 'received' | 'minted' | 'sent';
  /** Of a transaction that was sent: its id, and whom it paid. */
  id?: string;
  to?: { address: string; amount: string }[];
  /** Of an output that came in: its number on the ledger, and the receiving address. */
  output?: number;
  index?: number;
  amount: string;
  fee?: string;
  /** 0 while no block holds it. */
  height: number;
  /**
   * final: in a block, which no other can replace. Of what no block holds, sent: it waits for one; pending: it is tried
   * again; refused: it broke a rule; superseded: another try at the same payment counts, or another copy of the wallet
   * has spent its money; expired: too late.
   */
  state: 'final' | 'sent' | 'pending' | 'refused' | 'superseded' | 'expired';
}

/** Shows whoever asked with these words that a payment was made (`id`, `payment`) or came in (`output`). */
export type ProofRequest = { message: string } & ({ id: string; payment: number } | { output: number });

export interface PaymentProof {
  proof: string;
}

/** What a proof says, when it holds. */
export interface ProofVerdict {
  valid: boolean;
  to?: string;
  amount?: string;
  height?: number;
}

export interface BackupWords {
  words: string[];
  /** Three positions, from 1, to ask back. */
  ask: number[];
}

export interface WordsCheck {
  words: { position: number; word: string }[];
  password: string;
}

export interface WalletApi {
  view(): WalletView;
  /** Makes a wallet, or restores one from its words. Throws WALLET_EXISTS, WORDS_INVALID, PASSWORD_WEAK. */
  create(request: { password: string; words?: string; restoreHeight?: number }): Promise<BackupWords>;
  /** Throws WALLET_MISSING, PASSWORD_WRONG. */
  unlock(password: string): Promise<WalletView>;
  lock(): WalletView;
  addresses(): ReceiveAddress[];
  addAddress(label: string): Promise<ReceiveAddress>;
  /** Newest first. */
  history(): WalletEntry[];
  /** Throws ADDRESS_INVALID, FUNDS_INSUFFICIENT. */
  preview(request: PaymentRequest): Promise<PaymentPreview>;
  /** Signs and sends; what became of it is in the receipt. Throws PASSWORD_WRONG and the errors of preview. */
  send(request: PaymentRequest & { password: string }): Promise<PaymentReceipt>;
  prove(request: ProofRequest): Promise<PaymentProof>;
  checkProof(request: { proof: string; message: string }): Promise<ProofVerdict>;
  words(password: string): Promise<BackupWords>;
  /** Remembers the backup as done when all the words are right. */
  checkWords(check: WordsCheck): Promise<{ correct: boolean }>;
  /** Test networks: money of the public pool. Throws NO_FAUCET, FAUCET_EMPTY. */
  faucet(address?: string): Promise<PaymentReceipt>;
}

/** This node's validator and its bond. */
export interface StakeView {
  /** Consensus key. */
  validator: string;
  bonded: boolean;
  /** All that is delegated to it, and what of it is this node's. */
  pool: string;
  own: string;
  /** 0…1. */
  commission: number;
  /** Blocks that it has missed more than it has signed since. */
  missed: number;
  jailedUntil: number;
  tombstoned: boolean;
}

export interface StakeApi {
  view(): Promise<StakeView>;
  /** Throws PASSWORD_WRONG, FUNDS_INSUFFICIENT, BOND_SMALL, VALIDATOR_OUT, TRANSACTION_INVALID. */
  bond(request: { amount: string; commission?: number; password: string }): Promise<PaymentReceipt>;
  /** All of it when no amount is given. Throws PASSWORD_WRONG, NOT_BONDED, OWNER_OTHER. */
  unbond(request: { amount?: string; password: string }): Promise<PaymentReceipt>;
  /** Throws PASSWORD_WRONG, NOT_BONDED, NOT_JAILED, STILL_JAILED, VALIDATOR_OUT, OWNER_OTHER. */
  unjail(request: { password: string }): Promise<PaymentReceipt>;
}
