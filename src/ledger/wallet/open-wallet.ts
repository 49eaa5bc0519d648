import { access } from 'node:fs/promises';
import { BitorchError, Coalescer, fromHex, toHex, tryLockFile, utf8 } from '#base';
import { type Address, defaultCurve, PasswordCheck, type PasswordCost, type SigningKey } from '#crypto';
import type { Transaction } from '../transaction/index.ts';
import type { Balance, HistoryEntry } from './account-book.ts';
import { parseAddress } from './address.ts';
import type { WalletChain } from './chain.ts';
import type { ScanOptions } from './options.ts';
import type { FeeTier, TransferPlan } from './plan.ts';
import { formatPaymentProof } from './proof.ts';
import type { Submission } from './submission.ts';
import { formatViewKey, parseViewKey } from './view-key.ts';
import { Wallet } from './wallet.ts';

/** An address of a wallet: 0 is the primary one. */
export interface WalletAddress {
  readonly index: number;
  readonly label: string;
  readonly address: string;
}

export interface NewWallet {
  readonly path: string;
  readonly password: string;
  /** Argon2id's; the default unless a test is in a hurry. */
  readonly cost?: PasswordCost;
}

/** The id of a transfer, in hexadecimal, and what became of it. */
export type SendResult = { readonly id: string } & Submission;

export interface NewNetwork {
  /** Absent: that of the first node it scans with. */
  readonly network?: Uint8Array;
  /** Nothing before this block is the wallet's. */
  readonly restoreHeight?: number;
}

/**
 * A wallet in its file, opened with its password: what a person can do with it, in texts and sums. One process at a time;
 * whatever changes is saved before it shows outside. `close` gives the file back.
 */
export class OpenWallet {
  readonly path: string;
  /** What the file holds. Whoever changes it saves it. */
  readonly wallet: Wallet;
  readonly #cost: PasswordCost | undefined;
  readonly #unlock: () => void;
  #password: string;
  #check: Promise<PasswordCheck> | undefined;
  readonly #saving = new Coalescer(() => this.wallet.save(this.path, this.#password, this.#cost));

  private constructor({ path, password, cost }: NewWallet, wallet: Wallet, unlock: () => void) {
    this.path = path;
    this.wallet = wallet;
    this.#cost = cost;
    this.#password = password;
    this.#unlock = unlock;
  }

  /** A new wallet; throws WALLET_EXISTS where a file is already, and PASSWORD_WEAK, as the next two do. */
  static create(file: NewWallet, network: NewNetwork = {}): Promise<OpenWallet> {
    return OpenWallet.#make(file, () => Wallet.create({ ...network, curve: defaultCurve() }));
  }

  /** Throws WORDS_INVALID, WALLET_EXISTS. */
  static restore(file: NewWallet, words: string, network: NewNetwork = {}): Promise<OpenWallet> {
    return OpenWallet.#make(file, () => Wallet.restore(words, { ...network, curve: defaultCurve() }));
  }

  /** Throws VIEW_KEY_INVALID, WALLET_EXISTS. */
  static watch(file: NewWallet, viewKey: string): Promise<OpenWallet> {
    const curve = defaultCurve();
    return OpenWallet.#make(file, () => Wallet.viewOnly(parseViewKey(viewKey, curve), { curve }));
  }

  /** Throws WALLET_MISSING, WALLET_INVALID, PASSWORD_WRONG, WALLET_IN_USE. */
  static async open(file: NewWallet): Promise<OpenWallet> {
    const unlock = await lock(file.path);
    try {
      const wallet = await Wallet.open(file.path, file.password, { curve: defaultCurve() });
      return new OpenWallet(file, wallet, unlock);
    } catch (error) {
      unlock();
      throw error;
    }
  }

  static async #make(file: NewWallet, make: () => Wallet): Promise<OpenWallet> {
    demandPassword(file.password);
    const unlock = await lock(file.path);
    try {
      await requireFree(file.path);
      const open = new OpenWallet(file, make(), unlock);
      await open.save();
      return open;
    } catch (error) {
      unlock();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#unlock();
  }

  /** Chain id in hexadecimal; undefined before the first scan of a wallet that was made without one. */
  get network(): string | undefined {
    return this.wallet.network && toHex(this.wallet.network);
  }

  get viewOnly(): boolean {
    return this.wallet.viewOnly;
  }

  /** The last block that the wallet knows; 0 before the first scan. */
  get height(): number {
    return this.wallet.height;
  }

  get balance(): Balance {
    return this.wallet.balance();
  }

  /** Newest last. */
  get history(): readonly HistoryEntry[] {
    return this.wallet.history();
  }

  /** The 24 words that are all of it. Throws WALLET_VIEW_ONLY. */
  get words(): string {
    const { words } = this.wallet;
    if (words === undefined) throw new BitorchError('WALLET_VIEW_ONLY', 'a view-only wallet has no words');
    return words;
  }

  get viewKey(): string {
    return formatViewKey(this.wallet.viewKey);
  }

  /** Throws WALLET_UNBOUND while the network is not known. */
  get addresses(): readonly WalletAddress[] {
    return ['primary', ...this.wallet.labels].map((label, index) => this.#address(index, label));
  }

  async newAddress(label: string): Promise<WalletAddress> {
    const index = this.wallet.addSubaddress(label);
    await this.save();
    return this.#address(index, label);
  }

  /** Throws SUBADDRESS_UNKNOWN. */
  async label(index: number, label: string): Promise<void> {
    this.wallet.label(index, label);
    await this.save();
  }

  /** Costs as much as opening the file does, so nobody guesses faster here. Rejects with PASSWORD_WRONG. */
  async requirePassword(given: string): Promise<void> {
    this.#check ??= PasswordCheck.of(this.#password, this.#cost);
    if (!(await (await this.#check).matches(given)))
      throw new BitorchError('PASSWORD_WRONG', 'the password is wrong');
  }

  async changePassword(password: string): Promise<void> {
    demandPassword(password);
    this.#password = password;
    this.#check = undefined;
    await this.save();
  }

  /** Reads what is new on the chain; what was read is kept when it is stopped. Throws what `Wallet.scan` throws. */
  async scan(chain: WalletChain, options: ScanOptions & { anew?: boolean } = {}): Promise<void> {
    if (options.anew) this.wallet.forgetFinds();
    try {
      await this.wallet.scan(chain, options);
      await this.wallet.remind(chain);
    } finally {
      await this.save();
    }
  }

  /**
   * What a payment will cost, to be shown first: its transfers, one but for a payment out of many small outputs. The same
   * payment as one that waits is another try at it, unless it is meant to be made `again`. Throws ADDRESS_INVALID,
   * FUNDS_INSUFFICIENT, DECOYS_MISSING.
   */
  plan(
    to: string,
    amount: bigint,
    chain: WalletChain,
    { tier = 'normal', again = false }: { tier?: FeeTier; again?: boolean } = {},
  ): Promise<TransferPlan[]> {
    return this.wallet.planPayment({ to: this.#parse(to), amount, tier, again }, chain);
  }

  /** The transfers that send all that is unlocked, fees taken off. */
  planSweep(to: string, chain: WalletChain, tier: FeeTier = 'normal'): Promise<TransferPlan[]> {
    return this.wallet.planSweep(this.#parse(to), chain, tier);
  }

  /**
   * Signs, with the signatures that its actions need besides, saves and hands in a transfer. What became of it is the answer,
   * never an error: one that is *pending* is in the file and handed in again by each scan.
   *
   * @throws BitorchError what `Wallet.sign` throws, and DISK_FULL: then nothing was handed in
   */
  async send(
    plan: TransferPlan,
    chain: WalletChain,
    signers: readonly SigningKey[] = [],
  ): Promise<SendResult> {
    const [transaction] = await this.#signed([plan], chain, signers);
    return this.#submit(transaction!, chain);
  }

  /**
   * Signs, saves and submits the transfers of one order. All are in the file before the first is submitted: a crash leaves the
   * whole order to the next scan, or nothing of it. Ends at a refusal; the transfers after it are given up.
   *
   * @throws BitorchError as `send`
   */
  async sendAll(plans: readonly TransferPlan[], chain: WalletChain): Promise<SendResult[]> {
    const transactions = await this.#signed(plans, chain);
    const results: SendResult[] = [];
    for (const transaction of transactions) {
      if (results.at(-1)?.outcome === 'refused') this.wallet.forget(transaction.hashes.id);
      else results.push(await this.#submit(transaction, chain));
    }
    if (results.length < transactions.length) await this.save();
    return results;
  }

  async #submit(transaction: Transaction, chain: WalletChain): Promise<SendResult> {
    const { id, ...submission } = await this.wallet.submit(transaction, chain);
    return { id: toHex(id), ...submission };
  }

  /** What is not written down is not sent, now or later; rings that were asked for stay, whatever comes of it. */
  async #signed(
    plans: readonly TransferPlan[],
    chain: WalletChain,
    signers: readonly SigningKey[] = [],
  ): Promise<Transaction[]> {
    const transactions: Transaction[] = [];
    const forget = () => {
      for (const { hashes } of transactions) this.wallet.forget(hashes.id);
    };
    try {
      for (const plan of plans) transactions.push(await this.wallet.sign(plan, chain, signers));
    } catch (error) {
      forget();
      await this.save();
      throw error;
    }
    await this.save().catch((error: unknown) => {
      forget();
      throw error;
    });
    return transactions;
  }

  /** Proves a payment of one's own to whoever asked with these words. Throws PAYMENT_UNKNOWN. */
  async prove(id: string, payment: number, words: string, chain: WalletChain): Promise<string> {
    if (!/^[0-9a-f]{64}$/i.test(id))
      throw new BitorchError('PAYMENT_UNKNOWN', `${id} is not the id of a transfer`);
    const evidence = await this.wallet.proveSent(fromHex(id), payment, utf8(words), chain);
    return formatPaymentProof(evidence);
  }

  /** Proves that an output came in, by its number on the ledger. Throws PAYMENT_UNKNOWN. */
  async proveReceived(number: number, words: string, chain: WalletChain): Promise<string> {
    return formatPaymentProof(await this.wallet.proveReceived(number, utf8(words), chain));
  }

  #parse(address: string): Address {
    const { network } = this.wallet;
    if (network) return parseAddress(address, network, defaultCurve());
    throw new BitorchError('WALLET_UNBOUND', 'the wallet does not know its network: scan with a node first');
  }

  #address(index: number, label: string): WalletAddress {
    return { index, label, address: this.wallet.addressText(index) };
  }

  /** Resolves when the file holds the wallet as it was at the call, or later. */
  save(): Promise<void> {
    return this.#saving.run();
  }
}

/** Of a new password: what is shorter, or made of fewer different characters, is found in no time. */
const LEAST_PASSWORD = 8;
const LEAST_DIFFERENT = 4;

function demandPassword(password: string): void {
  if (password.length >= LEAST_PASSWORD && new Set(password).size >= LEAST_DIFFERENT) return;
  throw new BitorchError(
    'PASSWORD_WEAK',
    `choose a password of at least ${LEAST_PASSWORD} characters, ${LEAST_DIFFERENT} of them different`,
  );
}

async function lock(path: string): Promise<() => void> {
  const unlock = await tryLockFile(`${path}.in-use`);
  if (unlock) return unlock;
  throw new BitorchError(
    'WALLET_IN_USE',
    `${path} is open in another program, perhaps a running node: close it there first`,
  );
}

async function requireFree(path: string): Promise<void> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (exists) {
    throw new BitorchError('WALLET_EXISTS', `a wallet already exists at ${path}: choose another --wallet`, {
      path,
    });
  }
}
