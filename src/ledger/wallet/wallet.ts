import { setImmediate } from 'node:timers/promises';
import { BitorchError, equalBytes, fromUtf8, utf8 } from '#base';
import {
  type Account,
  type Address,
  addressAt,
  type Curve,
  type PasswordCost,
  PRIMARY,
  type RandomBytes,
  type SigningKey,
  systemRandom,
  viewOnlyAccount,
} from '#crypto';
import type { ReadView } from '#store';
import { parametersOf } from '../accounts/index.ts';
import { heads, outputRange, outputs } from '../state/buckets.ts';
import type { Transaction } from '../transaction/transaction.ts';
import {
  type Balance,
  balanceOf,
  type HistoryEntry,
  historyOf,
  spendableOf,
  withSpends,
} from './account-book.ts';
import { formatAddress } from './address.ts';
import type { Contents, Owned, Sent } from './contents.ts';
import { totalAt } from './decoys.ts';
import { loadWallet, saveWallet } from './file.ts';
import {
  type FeeTier,
  type PlanSource,
  planSweep,
  planTransfer,
  type TransferOrder,
  type TransferPlan,
} from './plan.ts';
import { type PaymentEvidence, proveReceived, proveSent } from './proof.ts';
import { addFound, scanOutputs, spendKeyTable } from './scan.ts';
import { accountOf, ENTROPY_BYTES, entropyOf, wordsOf } from './seed.ts';
import { signTransfer } from './sign.ts';

export interface WalletOptions {
  readonly chainId: Uint8Array;
  readonly curve: Curve;
  /** Outputs of earlier blocks are not looked at. */
  readonly restoreHeight?: number;
  /** Seconds between blocks: what ages of decoys are measured with. */
  readonly blockSeconds?: number;
}

export interface ScanOptions {
  /** In outputs. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  readonly signal?: AbortSignal;
}

/** Outputs looked at in one go: about 50 ms of work. */
const BATCH = 500;
/** Subaddresses beyond the last one made that a scan knows too, for wallets that were restored. */
const LOOKAHEAD = 50;

/** A wallet: keys, what the ledger holds for them, and what was sent. Reads a view of the ledger that it is given. */
export class Wallet {
  readonly account: Account;
  readonly #curve: Curve;
  readonly #blockSeconds: number;
  #contents: Contents;
  #table: ReturnType<typeof spendKeyTable>;

  private constructor(contents: Contents, { curve, blockSeconds = 2 }: WalletOptions) {
    if (contents.kind === 0) this.account = accountOf(contents.secret, curve);
    else this.account = viewOnlyAccount(contents.secret, contents.spendKey, curve);
    this.#curve = curve;
    this.#blockSeconds = blockSeconds;
    this.#contents = contents;
    this.#table = spendKeyTable(this.account, contents.labels.length + LOOKAHEAD, curve);
  }

  /** A new wallet. Show its `words` once, to be written down. */
  static create(options: WalletOptions, random: RandomBytes = systemRandom): Wallet {
    return Wallet.restore(wordsOf(random(ENTROPY_BYTES)), options);
  }

  /** Throws WORDS_INVALID. Labels of subaddresses are lost, their money is not. */
  static restore(words: string, options: WalletOptions): Wallet {
    const secret = entropyOf(words);
    const { spendKey } = accountOf(secret, options.curve);
    return new Wallet(emptyContents(0, secret, spendKey, options), options);
  }

  /** Sees what comes in; what goes out it cannot see, and it cannot spend. */
  static viewOnly(viewSecret: Uint8Array, spendKey: Uint8Array, options: WalletOptions): Wallet {
    return new Wallet(emptyContents(1, viewSecret, spendKey, options), options);
  }

  /** Throws WALLET_MISSING, WALLET_INVALID, PASSWORD_WRONG; WALLET_NETWORK for a wallet of another chain. */
  static async open(path: string, password: string, options: WalletOptions): Promise<Wallet> {
    const contents = await loadWallet(path, password);
    if (!equalBytes(contents.chainId, options.chainId)) {
      throw new BitorchError('WALLET_NETWORK', `${path} is a wallet of another network`, { path });
    }
    return new Wallet(contents, options);
  }

  async save(path: string, password: string, cost?: PasswordCost): Promise<void> {
    await saveWallet(path, this.#contents, password, cost);
  }

  get words(): string | undefined {
    return this.#contents.kind === 0 ? wordsOf(this.#contents.secret) : undefined;
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

  addressText(index = 0): string {
    return formatAddress(this.address(index), this.#contents.chainId);
  }

  /** Labels of the subaddresses, the first being that of index 1. */
  get labels(): readonly string[] {
    return this.#contents.labels.map(fromUtf8);
  }

  /** Makes the next subaddress: one for each payer keeps them from finding out that they pay the same person. */
  addSubaddress(label: string): number {
    const labels = [...this.#contents.labels, utf8(label)];
    this.#contents = { ...this.#contents, labels };
    this.#table = spendKeyTable(this.account, labels.length + LOOKAHEAD, this.#curve, this.#table);
    return labels.length;
  }

  /** Reads what is new on the ledger, in pieces between which other work gets its turn. */
  async scan(view: ReadView, { onProgress, signal }: ScanOptions = {}): Promise<void> {
    const { height } = heads.get(view, 0)!;
    const total = outputRange.count(view);
    const start = Math.max(this.#contents.scanned, totalAt(view, this.#contents.restoreHeight - 1));
    for (let from = start; from < total; from += BATCH) {
      signal?.throwIfAborted();
      const to = Math.min(from + BATCH, total);
      const found = scanOutputs(
        [...outputs.entries(view, { from, to })],
        this.account,
        this.#table,
        this.#curve,
      );
      this.#note(found, to);
      onProgress?.({ done: to - start, total: total - start });
      await setImmediate();
    }
    this.#contents = { ...withSpends(this.#contents, view), height };
  }

  /** Money as it can be spent in the block after the last one scanned. */
  balance(view: ReadView): Balance {
    return balanceOf(this.#contents, this.#spendable(view));
  }

  /** Newest last. */
  history(): HistoryEntry[] {
    return historyOf(this.#contents);
  }

  /** What a transfer would cost and send, to be shown before it is signed. */
  plan(order: TransferOrder, view: ReadView, random?: RandomBytes): TransferPlan {
    return planTransfer(order, this.#source(view), random);
  }

  planSweep(to: Address, view: ReadView, tier?: FeeTier): TransferPlan[] {
    return planSweep(to, this.#source(view), tier);
  }

  /** Signs a plan and remembers it: its inputs are not offered again until it expires. Save the wallet before sending. */
  sign(plan: TransferPlan, view: ReadView, signers: readonly SigningKey[] = []): Transaction {
    const { account } = this;
    const signing = { account, chainId: this.#contents.chainId, view, curve: this.#curve, signers };
    const { transaction, sent } = signTransfer(plan, signing);
    this.#contents = { ...this.#contents, sent: [...this.#contents.sent, sent] };
    return transaction;
  }

  /** For a payment of this wallet's: shows whoever asked with these words that it was made. Throws PAYMENT_UNKNOWN. */
  proveSent(id: Uint8Array, payment: number, words: Uint8Array): PaymentEvidence {
    const paid = this.#contents.sent.find((entry) => equalBytes(entry.id, id))?.payments[payment];
    if (!paid) throw new BitorchError('PAYMENT_UNKNOWN', 'this wallet has not sent that payment');
    return proveSent(paid, words, this.#curve);
  }

  /** The same for an output that came in, by its number on the ledger. Throws PAYMENT_UNKNOWN. */
  proveReceived(number: number, view: ReadView, words: Uint8Array): PaymentEvidence {
    const output = outputs.get(view, number);
    const own = this.#contents.owned.find((entry) => entry.number === number);
    if (!own || !output)
      throw new BitorchError('PAYMENT_UNKNOWN', 'that output does not belong to this wallet');
    return proveReceived(output, this.address(own.subaddress), this.account, words, this.#curve);
  }

  #note(found: readonly Owned[], scanned: number): void {
    const furthest = found.reduce((most, { subaddress }) => Math.max(most, subaddress), 0);
    while (this.#contents.labels.length < furthest) this.addSubaddress('');
    this.#contents = { ...this.#contents, scanned, owned: addFound(this.#contents.owned, found) };
  }

  #spendable(view: ReadView): Owned[] {
    return spendableOf(this.#contents, parametersOf(view));
  }

  #source(view: ReadView): PlanSource {
    return {
      view,
      parameters: parametersOf(view),
      height: this.height,
      blockSeconds: this.#blockSeconds,
      spendable: this.#spendable(view),
      changeTo: this.address(),
    };
  }
}

function emptyContents(
  kind: 0 | 1,
  secret: Uint8Array,
  spendKey: Uint8Array,
  { chainId, restoreHeight = 0 }: WalletOptions,
): Contents {
  const nothing = { scanned: 0, height: 0, labels: [], owned: [], sent: [] };
  return { version: 1, chainId, kind, secret, spendKey, restoreHeight, ...nothing };
}
