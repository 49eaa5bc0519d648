import { setImmediate } from 'node:timers/promises';
import { BitorchError, codeOf, domainHash, equalBytes, fromUtf8, toHex, utf8 } from '#base';
import {
  type Account,
  type Address,
  addressAt,
  type Curve,
  keyImageOf,
  type PasswordCost,
  PRIMARY,
  type RandomBytes,
  SigningKey,
  systemRandom,
  viewOnlyAccount,
} from '#crypto';
import { NETWORK_BYTES } from '../constants.ts';
import type { Transaction } from '../transaction/transaction.ts';
import {
  type Balance,
  balanceOf,
  type HistoryEntry,
  historyOf,
  pending,
  readSpends,
  spendableOf,
  withSpends,
} from './account-book.ts';
import { formatAddress } from './address.ts';
import { type ChainStatus, firstSpendAt, outputsBetween, type WalletChain } from './chain.ts';
import { type Contents, emptyContents, type Owned, type Sent } from './contents.ts';
import { readDecoys } from './decoys.ts';
import { loadWallet, saveWallet } from './file.ts';
import {
  type FeeTier,
  type PlanSource,
  planSweep,
  planTransfer,
  type TransferOrder,
  type TransferPlan,
} from './plan.ts';
import { findOutput, type PaymentEvidence, proveReceived, proveSent } from './proof.ts';
import { addFound, type Found, scanHere } from './scan.ts';
import { openScanThread } from './scan-thread.ts';
import { accountOf, ENTROPY_BYTES, entropyOf, wordsOf } from './seed.ts';
import { readMembers, signTransfer } from './sign.ts';
import type { ViewKey } from './view-key.ts';

export interface WalletOptions {
  readonly curve: Curve;
  /** Seconds between blocks: what ages of decoys are measured with. */
  readonly blockSeconds?: number;
}

export interface NewWalletOptions extends WalletOptions {
  /** Absent: that of the first node that the wallet scans with. */
  readonly network?: Uint8Array;
  /** Outputs of earlier blocks are not looked at. */
  readonly restoreHeight?: number;
}

/** In outputs. */
export interface ScanProgress {
  readonly done: number;
  readonly total: number;
}

export interface ScanOptions {
  readonly onProgress?: (progress: ScanProgress) => void;
  readonly signal?: AbortSignal;
}

/** Outputs looked at in one go: about 50 ms of work. More of them are looked at in a thread, which takes as long to start. */
const BATCH = 500;
const NO_KEY_IMAGE = new Uint8Array(32);
const UNKNOWN_NETWORK = new Uint8Array(NETWORK_BYTES);

/** How a transfer failed that is surely in no block and never will be. */
const REFUSALS = new Set(['TRANSACTION_INVALID', 'CODEC_INVALID', 'MEMPOOL_CONFLICT', 'MEMPOOL_FULL']);

/**
 * A wallet: keys, what the ledger holds for them, and what was sent. Knows of the chain what it was last told by `scan`.
 */
export class Wallet {
  readonly account: Account;
  readonly #curve: Curve;
  readonly #blockSeconds: number;
  #contents: Contents;

  private constructor(contents: Contents, { curve, blockSeconds = 2 }: WalletOptions) {
    if (contents.kind === 0) this.account = accountOf(contents.secret, curve);
    else this.account = viewOnlyAccount(contents.secret, contents.spendKey, curve);
    this.#curve = curve;
    this.#blockSeconds = blockSeconds;
    this.#contents = contents;
  }

  /** A new wallet. Show its `words` once, to be written down. */
  static create(options: NewWalletOptions, random: RandomBytes = systemRandom): Wallet {
    return Wallet.restore(wordsOf(random(ENTROPY_BYTES)), options);
  }

  /** Throws WORDS_INVALID. Labels of subaddresses are lost, their money is not. */
  static restore(words: string, options: NewWalletOptions): Wallet {
    const secret = entropyOf(words);
    const { spendKey } = accountOf(secret, options.curve);
    const { network = UNKNOWN_NETWORK, restoreHeight = 0 } = options;
    return new Wallet(emptyContents({ kind: 0, network, secret, spendKey, restoreHeight }), options);
  }

  /** Sees what comes in; what goes out it cannot see, and it cannot spend. */
  static viewOnly({ viewSecret, ...rest }: ViewKey, options: WalletOptions): Wallet {
    return new Wallet(emptyContents({ kind: 1, secret: viewSecret, ...rest }), options);
  }

  /** Throws WALLET_MISSING, WALLET_INVALID, PASSWORD_WRONG. */
  static async open(path: string, password: string, options: WalletOptions): Promise<Wallet> {
    return new Wallet(await loadWallet(path, password), options);
  }

  async save(path: string, password: string, cost?: PasswordCost): Promise<void> {
    await saveWallet(path, this.#contents, password, cost);
  }

  /** Undefined in a wallet that was made without a network and has not scanned yet. */
  get network(): Uint8Array | undefined {
    const { network } = this.#contents;
    return equalBytes(network, UNKNOWN_NETWORK) ? undefined : network;
  }

  get viewOnly(): boolean {
    return this.#contents.kind === 1;
  }

  /** Undefined in a view-only wallet. */
  get words(): string | undefined {
    return this.viewOnly ? undefined : wordsOf(this.#contents.secret);
  }

  /** A key for what is public, out of the words: for one purpose and context always the same. Throws WALLET_VIEW_ONLY. */
  signingKey(purpose: string, context: Uint8Array): SigningKey {
    if (this.viewOnly) throw new BitorchError('WALLET_VIEW_ONLY', 'a view-only wallet cannot sign');
    return new SigningKey(domainHash(purpose, this.#contents.secret, context));
  }

  get viewKey(): ViewKey {
    const { network, spendKey, restoreHeight } = this.#contents;
    return { network, viewSecret: this.account.viewSecret, spendKey, restoreHeight };
  }

  /** The height up to which everything is known. */
  get height(): number {
    return this.#contents.height;
  }

  get sent(): readonly Sent[] {
    return this.#contents.sent;
  }

  get owned(): readonly Owned[] {
    return this.#contents.owned;
  }

  address(index = 0): Address {
    return addressAt(this.account, index === 0 ? PRIMARY : { account: 0, index }, this.#curve);
  }

  /** Throws WALLET_UNBOUND while the network is not known, as addresses are of one network. */
  addressText(index = 0): string {
    return formatAddress(this.address(index), this.#network());
  }

  /** Labels of the subaddresses, the first being that of index 1. */
  get labels(): readonly string[] {
    return this.#contents.labels.map(fromUtf8);
  }

  /** Makes the next subaddress: one for each payer keeps them from finding out that they pay the same person. */
  addSubaddress(label: string): number {
    const labels = [...this.#contents.labels, utf8(label)];
    this.#contents = { ...this.#contents, labels };
    return labels.length;
  }

  /** Throws SUBADDRESS_UNKNOWN for one that was not made yet. */
  label(index: number, label: string): void {
    if (!(index >= 1 && index <= this.labels.length)) {
      throw new BitorchError('SUBADDRESS_UNKNOWN', `there is no subaddress ${index}: make it first`);
    }
    this.#contents = { ...this.#contents, labels: this.#contents.labels.with(index - 1, utf8(label)) };
  }

  /**
   * Reads what is new on the chain. What was read stays when it is stopped on the way.
   *
   * @throws BitorchError `WALLET_NETWORK` for another network's chain, `CHAIN_BEHIND` for one that knows less than the wallet
   */
  async scan(chain: WalletChain, { onProgress, signal }: ScanOptions = {}): Promise<void> {
    const status = await chain.status();
    this.#requireSuccessor(status);
    this.#contents = { ...this.#contents, network: status.parameters.network };
    const start = await this.#firstToScan(chain);
    const total = status.outputs - start;
    const keys = { viewSecret: this.account.viewSecret, spendKey: this.account.spendKey };
    const open = total > BATCH ? openScanThread : scanHere;
    const scanner = open(keys, this.#contents.labels.length, this.#curve);
    try {
      for await (const [first, outputs] of outputsBetween(chain, start, status.outputs, BATCH)) {
        signal?.throwIfAborted();
        this.#note(await scanner.scan(first, outputs), first + outputs.length);
        onProgress?.({ done: first + outputs.length - start, total });
        await setImmediate();
      }
    } finally {
      await scanner.close();
    }
    const firstSpend = await this.#firstSpendToScan(chain, status);
    const spends = await readSpends(this.#contents, chain, firstSpend, status.spends);
    const { maturity, mintMaturity } = status.parameters;
    const known = { height: status.height, spendsScanned: status.spends, maturity, mintMaturity };
    this.#contents = { ...withSpends(this.#contents, spends), ...known };
  }

  /** Hands in again what is in no block yet: nodes forget it when they stop. What they refuse waits until it expires. */
  async remind(chain: WalletChain): Promise<void> {
    for (const { bytes } of pending(this.#contents)) {
      await chain.submit(bytes).catch((error: unknown) => {
        if (!(error instanceof BitorchError)) throw error;
      });
    }
  }

  /** Forgets what was found and on which network, to look at everything again: for a network that was begun anew. */
  forgetFinds(): void {
    const nothing = { scanned: 0, spendsScanned: 0, height: 0, owned: [], sent: [] };
    this.#contents = { ...this.#contents, ...nothing, network: UNKNOWN_NETWORK };
  }

  /** Money as it can be spent in the block after the last one scanned. */
  balance(): Balance {
    return balanceOf(this.#contents);
  }

  /** Newest last. */
  history(): HistoryEntry[] {
    return historyOf(this.#contents);
  }

  /** What a transfer will cost and send, to be shown before it is signed. Throws what `planTransfer` throws. */
  async plan(order: TransferOrder, chain: WalletChain, random?: RandomBytes): Promise<TransferPlan> {
    return planTransfer(order, await this.#source(chain), random);
  }

  async planSweep(to: Address, chain: WalletChain, tier?: FeeTier): Promise<TransferPlan[]> {
    return planSweep(to, await this.#source(chain), tier);
  }

  /**
   * Signs a plan and remembers it: its inputs are not offered again until it expires or is forgotten. Save the wallet
   * before submitting. Throws WALLET_VIEW_ONLY.
   */
  async sign(
    plan: TransferPlan,
    chain: WalletChain,
    signers: readonly SigningKey[] = [],
    random?: RandomBytes,
  ): Promise<Transaction> {
    this.#network();
    const { chainId } = plan;
    const members = await readMembers(plan, chain);
    const signing = { account: this.account, chainId, members, curve: this.#curve, signers };
    const { transaction, sent } = signTransfer(plan, random ? { ...signing, random } : signing);
    this.#contents = { ...this.#contents, sent: [...this.#contents.sent, sent] };
    return transaction;
  }

  /** Hands in a transfer of this wallet's; one that is refused is forgotten, so save the wallet after an error too. */
  async submit({ bytes, hashes }: Transaction, chain: WalletChain): Promise<void> {
    try {
      await chain.submit(bytes);
    } catch (error) {
      if (REFUSALS.has(codeOf(error))) this.forget(hashes.id);
      throw error;
    }
  }

  /** For a transfer that was refused and will be in no block: its inputs can be spent again. */
  forget(id: Uint8Array): void {
    const sent = this.#contents.sent.filter((entry) => entry.height > 0 || !equalBytes(entry.id, id));
    this.#contents = { ...this.#contents, sent };
  }

  /** For a payment of this wallet's: shows whoever asked with these words that it was made. Throws PAYMENT_UNKNOWN. */
  async proveSent(
    id: Uint8Array,
    payment: number,
    words: Uint8Array,
    chain: WalletChain,
  ): Promise<PaymentEvidence> {
    const transfer = this.#contents.sent.find((entry) => equalBytes(entry.id, id));
    const paid = transfer?.payments[payment];
    if (!transfer || !paid)
      throw new BitorchError('PAYMENT_UNKNOWN', 'this wallet has not sent that payment');
    const number = await findOutput(paid.key, transfer.height, chain);
    return proveSent(paid, number, words, this.#curve);
  }

  /** The same for an output that came in, by its number on the ledger. Throws PAYMENT_UNKNOWN. */
  async proveReceived(number: number, words: Uint8Array, chain: WalletChain): Promise<PaymentEvidence> {
    const own = this.#contents.owned.find((entry) => entry.number === number);
    if (!own) throw new BitorchError('PAYMENT_UNKNOWN', 'that output does not belong to this wallet');
    const [output] = await chain.outputsAt([number]);
    return proveReceived(output!, number, this.address(own.subaddress), this.account, words, this.#curve);
  }

  #network(): Uint8Array {
    if (this.network) return this.network;
    throw new BitorchError(
      'WALLET_UNBOUND',
      'the wallet does not know its network yet: scan with a node first',
    );
  }

  #requireSuccessor({ height, outputs, spends, parameters }: ChainStatus): void {
    if (this.network && !equalBytes(parameters.network, this.network)) {
      const [mine, its] = [toHex(this.network), toHex(parameters.network)];
      throw new BitorchError(
        'WALLET_NETWORK',
        `the wallet is for the network ${mine}, the node's is ${its}: ask a node of that network, or let the wallet ` +
          'look at everything again on this one (rescan)',
      );
    }
    const { height: known, scanned, spendsScanned } = this.#contents;
    if (height < known || outputs < scanned || spends < spendsScanned) {
      throw new BitorchError(
        'CHAIN_BEHIND',
        `the node is at block ${height}, the wallet knows block ${this.height}: wait until the node has caught up; ` +
          'if the network was begun anew, let the wallet look at everything again (rescan)',
      );
    }
  }

  async #firstToScan(chain: WalletChain): Promise<number> {
    const { scanned, restoreHeight } = this.#contents;
    if (scanned > 0 || restoreHeight === 0) return scanned;
    return (await chain.totals(restoreHeight)).before;
  }

  async #firstSpendToScan(chain: WalletChain, { spends }: ChainStatus): Promise<number> {
    const { spendsScanned, restoreHeight } = this.#contents;
    return spendsScanned > 0 ? spendsScanned : firstSpendAt(chain, restoreHeight, spends);
  }

  #note(found: readonly Found[], scanned: number): void {
    const furthest = found.reduce((most, { subaddress }) => Math.max(most, subaddress), 0);
    while (this.#contents.labels.length < furthest) this.addSubaddress('');
    const owned = addFound(
      this.#contents.owned,
      found.map((output) => ({ ...output, keyImage: this.#keyImageOf(output), spentAt: 0 })),
    );
    this.#contents = { ...this.#contents, scanned, owned };
  }

  #keyImageOf({ offset, key }: Found): Uint8Array {
    const { spendSecret } = this.account;
    if (!spendSecret) return NO_KEY_IMAGE;
    return keyImageOf(this.#curve.scalars.add(spendSecret, offset), key, this.#curve);
  }

  async #source(chain: WalletChain): Promise<PlanSource> {
    const status = await chain.status();
    const decoys = await readDecoys(chain, status, this.#blockSeconds);
    const spendable = spendableOf(this.#contents);
    return { ...decoys, baseFee: status.baseFee, spendable, changeTo: this.address() };
  }
}
