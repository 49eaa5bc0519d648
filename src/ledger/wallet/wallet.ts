import { setImmediate } from 'node:timers/promises';
import { BitorchError, codeOf, domainHash, equalBytes, fromUtf8, toHex, utf8 } from '#base';
import {
  type Account,
  type Address,
  addressAt,
  type Curve,
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
  readSpends,
  spendableOf,
} from './account-book.ts';
import { formatAddress } from './address.ts';
import { type ChainStatus, type OutputTotal, outputsBetween, type WalletChain } from './chain.ts';
import {
  type Contents,
  emptyContents,
  type Owned,
  packTotals,
  type Sent,
  STATE,
  unpackTotals,
} from './contents.ts';
import { type DecoySource, readDecoys } from './decoys.ts';
import { loadWallet, saveWallet } from './file.ts';
import type { NewWalletOptions, ScanOptions, WalletOptions } from './options.ts';
import {
  type FeeTier,
  nameOfOrder,
  type PlanSource,
  planSweep,
  planTransfer,
  type TransferOrder,
  type TransferPlan,
} from './plan.ts';
import { findOutput, type PaymentEvidence, proveReceived, proveSent } from './proof.ts';
import { addFound, type Found, keyImageOfFound } from './scan.ts';
import { firstSpendToScan, firstToScan, requireSuccessor } from './scan-start.ts';
import { Scanners } from './scanners.ts';
import { accountOf, ENTROPY_BYTES, entropyOf, wordsOf } from './seed.ts';
import { readMembers, signInTurns } from './sign.ts';
import { type PaymentToSplit, planPayment } from './split.ts';
import { handIn, SENT, type Submission, type Submitted } from './submission.ts';
import {
  lastTry,
  marked,
  pending,
  sentTryBefore,
  stateOf,
  type Transferred,
  transfersOf,
  withKeptRings,
  withLanded,
  withoutFinds,
  withSpends,
} from './transfers.ts';
import type { ViewKey } from './view-key.ts';

/** Outputs looked at in one go: about 50 ms of work. More of them are looked at in a thread, which takes as long to start. */
const BATCH = 500;
const UNKNOWN_NETWORK = new Uint8Array(NETWORK_BYTES);

/** A wallet: keys, what the ledger holds for them, and what was sent. Knows of the chain what `scan` was last told. */
export class Wallet {
  readonly account: Account;
  readonly #curve: Curve;
  #contents: Contents;
  /** `contents.totals`, counted up. */
  #totals: readonly OutputTotal[];
  readonly #scanners: Scanners;

  private constructor(contents: Contents, { curve }: WalletOptions) {
    if (contents.kind === 0) this.account = accountOf(contents.secret, curve);
    else this.account = viewOnlyAccount(contents.secret, contents.spendKey, curve);
    this.#curve = curve;
    this.#contents = contents;
    this.#totals = unpackTotals(contents.totals);
    this.#scanners = new Scanners(this.account, curve);
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
    await saveWallet(path, { ...this.#contents, totals: packTotals(this.#totals) }, password, cost);
  }

  /** Undefined in a wallet that was made without a network and has not scanned yet. */
  get network(): Uint8Array | undefined {
    const { network } = this.#contents;
    return equalBytes(network, UNKNOWN_NETWORK) ? undefined : network;
  }

  /** Where the network is not known yet, it is this one. */
  bind(network: Uint8Array): void {
    if (!this.network) this.#contents = { ...this.#contents, network };
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

  /** Transfers of its network, whatever became of them. */
  get sent(): readonly Sent[] {
    return transfersOf(this.#contents);
  }

  /** What became of a transfer. */
  stateOf(entry: Sent): Transferred {
    return stateOf(entry, this.#contents);
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
    requireSuccessor(this.#contents, this.network, status);
    this.#contents = { ...this.#contents, network: status.parameters.network };
    const start = await firstToScan(this.#contents, chain);
    const total = status.outputs - start;
    const scanner = this.#scanners.open(total, this.#contents.labels.length);
    try {
      for await (const [first, outputs] of outputsBetween(chain, start, status.outputs, BATCH)) {
        signal?.throwIfAborted();
        this.#contents = withLanded(this.#contents, outputs, this.#curve);
        this.#note(await scanner.scan(first, outputs), first + outputs.length);
        onProgress?.({ done: first + outputs.length - start, total });
        await setImmediate();
      }
    } finally {
      await scanner.close();
    }
    const firstSpend = await firstSpendToScan(this.#contents, chain, status);
    const spends = await readSpends(this.#contents, chain, firstSpend, status.spends);
    const { maturity, mintMaturity } = status.parameters;
    const known = { height: status.height, spendsScanned: status.spends, maturity, mintMaturity };
    this.#contents = { ...withSpends(this.#contents, spends), ...known };
  }

  /** Hands in again what is in no block yet: nodes forget it when they stop, and full pools may have room by now. */
  async remind(chain: WalletChain): Promise<void> {
    for (const { id, bytes } of pending(this.#contents)) await this.#handIn(id, bytes, chain);
  }

  /**
   * Forgets what was found, on which network and since which block, to look at everything again. What was sent stays, with
   * the secrets that prove its payments, and so do rings that somebody may have seen.
   */
  forgetFinds(): void {
    this.#contents = { ...withoutFinds(this.#contents), network: UNKNOWN_NETWORK };
    this.#totals = [];
  }

  /** Money as it can be spent in the block after the last one scanned. */
  balance(): Balance {
    return balanceOf(this.#contents);
  }

  /** Newest last. */
  history(): HistoryEntry[] {
    return historyOf(this.#contents);
  }

  /**
   * What a transfer will cost and send, to be shown before it is signed. The same order as one that waits is another try at
   * it: it spends the same inputs, so at most one of them is ever paid. Throws what `planTransfer` throws.
   */
  async plan(order: TransferOrder, chain: WalletChain, random?: RandomBytes): Promise<TransferPlan> {
    const source = await this.#source(chain);
    const earlier = order.again ? [] : lastTry(nameOfOrder(order), this.#contents)?.inputs;
    return planTransfer(order, { ...source, earlier: earlier ?? [] }, random);
  }

  /** The same for a payment to one address, in as many transfers as it takes: see `planPayment`. */
  async planPayment(payment: PaymentToSplit, chain: WalletChain): Promise<TransferPlan[]> {
    return planPayment(payment, await this.#source(chain), (name) => lastTry(name, this.#contents));
  }

  async planSweep(to: Address, chain: WalletChain, tier?: FeeTier): Promise<TransferPlan[]> {
    return planSweep(to, await this.#source(chain), tier);
  }

  /**
   * Signs a plan and remembers it: its inputs are not offered again until it expires or is refused, and then with the same
   * rings. Save the wallet before submitting, and after an error too. Throws WALLET_VIEW_ONLY.
   */
  async sign(
    plan: TransferPlan,
    chain: WalletChain,
    signers: readonly SigningKey[] = [],
    random?: RandomBytes,
  ): Promise<Transaction> {
    if (this.viewOnly)
      throw new BitorchError('WALLET_VIEW_ONLY', 'this wallet can watch, not spend: open the full one');
    const network = this.#network();
    const members = await this.#membersOf(plan, chain);
    const signing = { account: this.account, network, members, curve: this.#curve, signers };
    const { transaction, sent } = await signInTurns(plan, random ? { ...signing, random } : signing);
    this.#contents = { ...this.#contents, sent: [...this.#contents.sent, sent] };
    return transaction;
  }

  /**
   * Hands in a transfer that this wallet has signed, and notes what became of it: save the wallet afterwards. Where an earlier
   * try at the same order waits with the node already, that one counts, and is sent; `id` is of the one that counts.
   */
  async submit({ bytes, hashes: { id } }: Transaction, chain: WalletChain): Promise<Submitted> {
    const submission = await this.#handIn(id, bytes, chain);
    if (submission.outcome === 'sent' || submission.code !== 'MEMPOOL_CONFLICT') return { ...submission, id };
    const earlier = sentTryBefore(id, this.#contents);
    if (!earlier) return { ...submission, id };
    this.forget(id);
    return { ...SENT, id: earlier.id };
  }

  /**
   * For a transfer that no block will hold: its inputs can be spent again, with the rings that they had. What proves its
   * payments stays.
   */
  forget(id: Uint8Array): void {
    this.#contents = marked(this.#contents, id, STATE.refused);
  }

  /** For a payment of this wallet's: shows whoever asked with these words that it was made. Throws PAYMENT_UNKNOWN. */
  async proveSent(
    id: Uint8Array,
    payment: number,
    words: Uint8Array,
    chain: WalletChain,
  ): Promise<PaymentEvidence> {
    const transfer = this.sent.find((entry) => equalBytes(entry.id, id));
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
    throw new BitorchError('WALLET_UNBOUND', 'the wallet does not know its network: scan with a node first');
  }

  #note(found: readonly Found[], scanned: number): void {
    const furthest = found.reduce((most, { subaddress }) => Math.max(most, subaddress), 0);
    while (this.#contents.labels.length < furthest) this.addSubaddress('');
    const owned = addFound(
      this.#contents.owned,
      found.map((output) => ({
        ...output,
        keyImage: keyImageOfFound(output, this.account, this.#curve),
        spentAt: 0,
      })),
    );
    this.#contents = { ...this.#contents, scanned, owned };
  }

  async #source(chain: WalletChain): Promise<PlanSource> {
    const status = await chain.status();
    const decoys = await this.#decoys(chain, status);
    const spendable = spendableOf(this.#contents);
    const rings = new Map(this.#contents.rings.map(({ keyImage, members }) => [toHex(keyImage), members]));
    return { ...decoys, baseFee: status.baseFee, spendable, rings, changeTo: this.address() };
  }

  /** Asks only for totals that are not kept yet. */
  async #decoys(chain: WalletChain, status: ChainStatus): Promise<DecoySource> {
    const decoys = await readDecoys(chain, status, this.#totals);
    this.#totals = decoys.totals;
    return decoys;
  }

  /** Keeps the rings first: who is asked for their members has seen them. */
  async #membersOf(plan: TransferPlan, chain: WalletChain) {
    const { rings } = this.#contents;
    this.#contents = withKeptRings(this.#contents, plan);
    try {
      return await readMembers(plan, chain, this.#totals);
    } catch (error) {
      if (codeOf(error) === 'CHAIN_INVALID') {
        // Totals that a node has made up, and rings drawn by them that only liars have seen: the next plan begins anew.
        this.#totals = [];
        this.#contents = { ...this.#contents, rings };
      }
      throw error;
    }
  }

  async #handIn(id: Uint8Array, bytes: Uint8Array, chain: WalletChain): Promise<Submission> {
    const submission = await handIn(bytes, chain);
    this.#contents = marked(this.#contents, id, STATE[submission.outcome]);
    return submission;
  }
}
