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

/** Outputs per batch: about 50 ms of work, which is also what it takes to start a scanning thread. */
const BATCH = 500;
const UNKNOWN_NETWORK = new Uint8Array(NETWORK_BYTES);

/** A wallet: keys, owned outputs, and sent transfers. It knows the chain as of the last `scan`. */
export class Wallet {
  readonly account: Account;
  readonly #curve: Curve;
  #contents: Contents;
  /** `contents.totals`, unpacked. */
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

  /** Creates a wallet. Show its `words` once, to be written down. */
  static create(options: NewWalletOptions, random: RandomBytes = systemRandom): Wallet {
    return Wallet.restore(wordsOf(random(ENTROPY_BYTES)), options);
  }

  /** Restores a wallet; only labels of subaddresses are lost. Throws WORDS_INVALID when the words are wrong. */
  static restore(words: string, options: NewWalletOptions): Wallet {
    const secret = entropyOf(words);
    const { spendKey } = accountOf(secret, options.curve);
    const { network = UNKNOWN_NETWORK, restoreHeight = 0 } = options;
    return new Wallet(emptyContents({ kind: 0, network, secret, spendKey, restoreHeight }), options);
  }

  /** A view-only wallet: sees incoming payments, but cannot see spends and cannot spend. */
  static viewOnly({ viewSecret, ...rest }: ViewKey, options: WalletOptions): Wallet {
    return new Wallet(emptyContents({ kind: 1, secret: viewSecret, ...rest }), options);
  }

  /** Opens a wallet file. Throws WALLET_MISSING, WALLET_INVALID or PASSWORD_WRONG when it cannot be opened. */
  static async open(path: string, password: string, options: WalletOptions): Promise<Wallet> {
    return new Wallet(await loadWallet(path, password), options);
  }

  async save(path: string, password: string, cost?: PasswordCost): Promise<void> {
    await saveWallet(path, { ...this.#contents, totals: packTotals(this.#totals) }, password, cost);
  }

  /** Undefined in a wallet that was created without a network and has not scanned yet. */
  get network(): Uint8Array | undefined {
    const { network } = this.#contents;
    return equalBytes(network, UNKNOWN_NETWORK) ? undefined : network;
  }

  /** Sets the network if it is not known yet. */
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

  /** A signing key for public accounts, deterministic for a purpose and context. Throws WALLET_VIEW_ONLY without the words. */
  signingKey(purpose: string, context: Uint8Array): SigningKey {
    if (this.viewOnly) throw new BitorchError('WALLET_VIEW_ONLY', 'a view-only wallet cannot sign');
    return new SigningKey(domainHash(purpose, this.#contents.secret, context));
  }

  get viewKey(): ViewKey {
    const { network, spendKey, restoreHeight } = this.#contents;
    return { network, viewSecret: this.account.viewSecret, spendKey, restoreHeight };
  }

  /** The height up to which the scan is complete. */
  get height(): number {
    return this.#contents.height;
  }

  /** Transfers on its network, in any state. */
  get sent(): readonly Sent[] {
    return transfersOf(this.#contents);
  }

  /** State of a transfer, as it is shown. */
  stateOf(entry: Sent): Transferred {
    return stateOf(entry, this.#contents);
  }

  get owned(): readonly Owned[] {
    return this.#contents.owned;
  }

  address(index = 0): Address {
    return addressAt(this.account, index === 0 ? PRIMARY : { account: 0, index }, this.#curve);
  }

  /** Address in text form. Throws WALLET_UNBOUND while the network is not known: the text contains it. */
  addressText(index = 0): string {
    return formatAddress(this.address(index), this.#network());
  }

  /** Labels of the subaddresses; the first is that of index 1. */
  get labels(): readonly string[] {
    return this.#contents.labels.map(fromUtf8);
  }

  /** Creates the next subaddress and returns its index. With one each, payers cannot tell that they pay the same person. */
  addSubaddress(label: string): number {
    const labels = [...this.#contents.labels, utf8(label)];
    this.#contents = { ...this.#contents, labels };
    return labels.length;
  }

  /** Labels a subaddress. Throws SUBADDRESS_UNKNOWN when it was not created yet. */
  label(index: number, label: string): void {
    if (!(index >= 1 && index <= this.labels.length)) {
      throw new BitorchError('SUBADDRESS_UNKNOWN', `subaddress ${index} does not exist: create it first`);
    }
    this.#contents = { ...this.#contents, labels: this.#contents.labels.with(index - 1, utf8(label)) };
  }

  /**
   * Scans new blocks. An aborted scan keeps what it has read. Throws WALLET_NETWORK when the chain belongs to another network, or
   * CHAIN_BEHIND when it is shorter than what the wallet has scanned.
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

  /** Submits waiting transfers again: a node loses its mempool on restart, and a full mempool may have room now. */
  async remind(chain: WalletChain): Promise<void> {
    for (const { id, bytes } of pending(this.#contents)) await this.#handIn(id, bytes, chain);
  }

  /**
   * Forgets found outputs, the network and the restore height, so that the next scan starts from the beginning. Sent transfers,
   * the secrets that prove their payments, and rings that others may have seen are kept.
   */
  forgetFinds(): void {
    this.#contents = { ...withoutFinds(this.#contents), network: UNKNOWN_NETWORK };
    this.#totals = [];
  }

  /** Balance as of the block after the last scanned one, in sparks. */
  balance(): Balance {
    return balanceOf(this.#contents);
  }

  /** Newest last. */
  history(): HistoryEntry[] {
    return historyOf(this.#contents);
  }

  /**
   * Plans a transfer, to show before it is signed. The same order as a waiting one is planned as another attempt: it spends the
   * same inputs, so at most one of them is paid. Throws what `planTransfer` throws.
   */
  async plan(order: TransferOrder, chain: WalletChain, random?: RandomBytes): Promise<TransferPlan> {
    const source = await this.#source(chain);
    const earlier = order.again ? [] : lastTry(nameOfOrder(order), this.#contents)?.inputs;
    return planTransfer(order, { ...source, earlier: earlier ?? [] }, random);
  }

  /** Plans a payment to one address in as many transfers as needed, see `planPayment`. */
  async planPayment(payment: PaymentToSplit, chain: WalletChain): Promise<TransferPlan[]> {
    return planPayment(payment, await this.#source(chain), (name) => lastTry(name, this.#contents));
  }

  async planSweep(to: Address, chain: WalletChain, tier?: FeeTier): Promise<TransferPlan[]> {
    return planSweep(to, await this.#source(chain), tier);
  }

  /**
   * Signs a plan and records it: its inputs are not available again until it expires or is refused, and then with the same
   * rings. Save the wallet before submitting, and after an error too. Throws WALLET_VIEW_ONLY without the spend secret.
   */
  async sign(
    plan: TransferPlan,
    chain: WalletChain,
    signers: readonly SigningKey[] = [],
    random?: RandomBytes,
  ): Promise<Transaction> {
    if (this.viewOnly)
      throw new BitorchError(
        'WALLET_VIEW_ONLY',
        'this wallet is view-only and cannot spend: open the full one',
      );
    const network = this.#network();
    const members = await this.#membersOf(plan, chain);
    const signing = { account: this.account, network, members, curve: this.#curve, signers };
    const { transaction, sent } = await signInTurns(plan, random ? { ...signing, random } : signing);
    this.#contents = { ...this.#contents, sent: [...this.#contents.sent, sent] };
    return transaction;
  }

  /**
   * Submits a signed transfer and records the outcome; save the wallet afterwards. If an earlier attempt at the same order is
   * already in the node's mempool, that one stands and its `id` is returned.
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
   * Gives up a transfer that no block will include: its inputs can be spent again, with the same rings. The secrets that prove
   * its payments are kept.
   */
  forget(id: Uint8Array): void {
    this.#contents = marked(this.#contents, id, STATE.refused);
  }

  /** Proves a sent payment, bound to the verifier's challenge text. Throws PAYMENT_UNKNOWN when it is not in a block. */
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

  /** Proves a received output, by its number on the ledger. Throws PAYMENT_UNKNOWN when it is not owned by this wallet. */
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

  /** Reads only totals that are not cached. */
  async #decoys(chain: WalletChain, status: ChainStatus): Promise<DecoySource> {
    const decoys = await readDecoys(chain, status, this.#totals);
    this.#totals = decoys.totals;
    return decoys;
  }

  /** Stores the rings before it reads their members, because the node then sees them. */
  async #membersOf(plan: TransferPlan, chain: WalletChain) {
    const { rings } = this.#contents;
    this.#contents = withKeptRings(this.#contents, plan);
    try {
      return await readMembers(plan, chain, this.#totals);
    } catch (error) {
      if (codeOf(error) === 'CHAIN_INVALID') {
        // The node made the totals up, and only it has seen rings drawn from them: the next plan starts from scratch.
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
