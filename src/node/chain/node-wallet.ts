import { randomInt, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import {
  BitorchError,
  codeOf,
  fromHex,
  type Logger,
  messageOf,
  sha256,
  toHex,
  utf8,
  writeFileAtomic,
} from '#base';
import { type Address, defaultCurve, type SigningKey } from '#crypto';
import { formatPaymentProof, parseAddress, type TransferOrder, Wallet, type WalletChain } from '#ledger';
import type {
  BackupWords,
  PaymentPreview,
  PaymentProof,
  PaymentReceipt,
  PaymentRequest,
  ProofRequest,
  ProofVerdict,
  ReceiveAddress,
  WalletApi,
  WalletEntry,
  WalletView,
} from '../chain-api.ts';
import { lockFile } from '../lock.ts';
import { checkPayment } from '../wallet/payment-check.ts';
import type { Faucet } from './faucet.ts';
import { addressViews, balanceView, historyView, previewOf } from './wallet-view.ts';

const LEAST_PASSWORD = 8;
const ASKED_BACK = 3;
const SCAN_PAUSE_MS = 500;

export interface NodeWalletOptions {
  /** File of the wallet. */
  readonly path: string;
  readonly chainId: Uint8Array;
}

export interface NodeWalletDependencies {
  readonly chain: WalletChain;
  readonly faucet: Faucet;
  readonly log: Logger;
  readonly onChange: (view: WalletView) => void;
}

interface Open {
  readonly wallet: Wallet;
  readonly password: string;
  readonly unlock: () => Promise<void>;
}

/** The wallet of a node: in a file, locked until its password is given; while it is open it follows the chain. */
export class NodeWallet implements WalletApi {
  readonly #options: NodeWalletOptions;
  readonly #deps: NodeWalletDependencies;
  #open: Open | undefined;
  #backedUp: boolean;
  #progress: { done: number; total: number } | undefined;
  #scanning: Promise<void> | undefined;
  #again = false;
  /** One thing at a time is done with the wallet. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: NodeWalletOptions, dependencies: NodeWalletDependencies) {
    this.#options = options;
    this.#deps = dependencies;
    this.#backedUp = existsSync(this.#backupMark) && readFileSync(this.#backupMark, 'utf8') === 'done\n';
  }

  async stop(): Promise<void> {
    await this.#scanning;
    await this.#last;
    if (!this.#open) return;
    await this.#save();
    await this.#open.unlock();
    this.#open = undefined;
  }

  view(): WalletView {
    const backedUp = this.#backedUp;
    if (!this.#open) {
      return { state: existsSync(this.#options.path) ? 'locked' : 'missing', backedUp, height: 0 };
    }
    const { wallet } = this.#open;
    return {
      state: 'open',
      backedUp,
      height: wallet.height,
      ...(this.#progress && { scan: this.#progress }),
      balance: balanceView(wallet),
      address: wallet.addressText(),
    };
  }

  create({ password, words, restoreHeight }: Parameters<WalletApi['create']>[0]): Promise<BackupWords> {
    return this.#exclusive(async () => {
      const { path, chainId } = this.#options;
      if (this.#open || existsSync(path))
        throw new BitorchError('WALLET_EXISTS', 'this node has a wallet already', { path });
      if (password.length < LEAST_PASSWORD)
        throw new BitorchError('PASSWORD_WEAK', `take a password of at least ${LEAST_PASSWORD} characters`);
      const curve = defaultCurve();
      const wallet = words
        ? Wallet.restore(words, { chainId, curve, restoreHeight: restoreHeight ?? 0 })
        : Wallet.create({ chainId, curve, restoreHeight: (await this.#deps.chain.status()).height });
      await this.#opened(wallet, password);
      await this.#save();
      await this.#markBackup(words !== undefined);
      return backupOf(wallet);
    });
  }

  unlock(password: string): Promise<WalletView> {
    return this.#exclusive(async () => {
      if (this.#open) requirePassword(this.#open, password);
      else
        await this.#opened(
          await Wallet.open(this.#options.path, password, { curve: defaultCurve() }),
          password,
        );
      return this.view();
    });
  }

  lock(): WalletView {
    const open = this.#open;
    if (open) {
      const saved = this.#exclusive(async () => {
        await open.wallet.save(this.#options.path, open.password);
        await open.unlock();
      });
      saved.catch((error: unknown) =>
        this.#deps.log.error({ error: messageOf(error) }, 'wallet was not saved'),
      );
    }
    this.#open = undefined;
    const view = this.view();
    this.#deps.onChange(view);
    return view;
  }

  addresses(): ReceiveAddress[] {
    return addressViews(this.#unlocked.wallet);
  }

  addAddress(label: string): Promise<ReceiveAddress> {
    return this.#exclusive(async () => {
      const { wallet } = this.#unlocked;
      const index = wallet.addSubaddress(label);
      await this.#save();
      return { index, label, address: wallet.addressText(index) };
    });
  }

  history(): WalletEntry[] {
    return historyView(this.#unlocked.wallet);
  }

  async preview(request: PaymentRequest): Promise<PaymentPreview> {
    const { wallet } = this.#unlocked;
    const plan = await wallet.plan(this.#orderOf(request), this.#deps.chain);
    return previewOf(plan, request.to, BigInt(request.amount), wallet);
  }

  send({ password, ...request }: PaymentRequest & { password: string }): Promise<PaymentReceipt> {
    return this.pay(this.#orderOf(request), password);
  }

  /** Signs a transfer, with the signatures that its actions need besides, and sends it. Throws PASSWORD_WRONG. */
  pay(order: TransferOrder, password: string, signers: readonly SigningKey[] = []): Promise<PaymentReceipt> {
    return this.#exclusive(async () => {
      const open = this.#unlocked;
      requirePassword(open, password);
      const { chain } = this.#deps;
      const plan = await open.wallet.plan(order, chain);
      const transaction = await open.wallet.sign(plan, chain, signers);
      await this.#save();
      try {
        await open.wallet.submit(transaction, chain);
      } catch (error) {
        await this.#save();
        throw error;
      }
      this.#deps.onChange(this.view());
      return { id: toHex(transaction.hashes.id), fee: `${plan.fee}`, expiry: plan.expiry };
    });
  }

  async prove(request: ProofRequest): Promise<PaymentProof> {
    const { wallet } = this.#unlocked;
    const { chain } = this.#deps;
    const words = utf8(request.message);
    const evidence =
      'id' in request
        ? await wallet.proveSent(fromHex(request.id), request.payment, words, chain)
        : await wallet.proveReceived(request.output, words, chain);
    return { proof: formatPaymentProof(evidence) };
  }

  async checkProof({ proof, message }: { proof: string; message: string }): Promise<ProofVerdict> {
    try {
      const { address, amount, height } = await checkPayment(proof, message, this.#deps.chain);
      return { valid: true, to: address, amount: `${amount}`, height };
    } catch (error) {
      if (codeOf(error) === 'PAYMENT_UNPROVEN' || codeOf(error) === 'PAYMENT_PROOF_INVALID')
        return { valid: false };
      throw error;
    }
  }

  async words(password: string): Promise<BackupWords> {
    const open = this.#unlocked;
    requirePassword(open, password);
    return backupOf(open.wallet);
  }

  async checkWords(answers: { position: number; word: string }[]): Promise<{ correct: boolean }> {
    const words = wordsOf(this.#unlocked.wallet);
    const right = answers.filter(({ position, word }) => words[position - 1] === word.trim().toLowerCase());
    const asked = new Set(right.map(({ position }) => position));
    const correct = right.length === answers.length && asked.size >= ASKED_BACK;
    if (correct) await this.#markBackup(true);
    return { correct };
  }

  faucet(address?: string): Promise<PaymentReceipt> {
    return this.#deps.faucet.pay(address ?? this.#unlocked.wallet.addressText());
  }

  /** A block has come: looks at it, unless a scan is under way already. */
  follow(): void {
    if (!this.#open) return;
    this.#again = true;
    this.#scanning ??= this.#scanWhileAsked().finally(() => {
      this.#scanning = undefined;
    });
  }

  async #scanWhileAsked(): Promise<void> {
    while (this.#again && this.#open) {
      this.#again = false;
      await this.#exclusive(() => this.#scan()).catch((error: unknown) =>
        this.#deps.log.warn({ error: messageOf(error) }, 'the wallet could not be brought up to the chain'),
      );
      await new Promise((resolve) => setTimeout(resolve, SCAN_PAUSE_MS).unref());
    }
  }

  async #scan(): Promise<void> {
    if (!this.#open) return;
    const { wallet } = this.#open;
    const before = { owned: wallet.owned.length, balance: JSON.stringify(balanceView(wallet)) };
    await wallet.scan(this.#deps.chain, {
      onProgress: (progress) => {
        this.#progress = progress.done < progress.total ? progress : undefined;
        if (progress.total > 2_000) this.#deps.onChange(this.view());
      },
    });
    this.#progress = undefined;
    await wallet.remind(this.#deps.chain);
    const changed =
      before.owned !== wallet.owned.length || before.balance !== JSON.stringify(balanceView(wallet));
    if (changed) this.#deps.onChange(this.view());
  }

  async #opened(wallet: Wallet, password: string): Promise<void> {
    const { path } = this.#options;
    const unlock = await lockFile(
      `${path}.lock`,
      (owner) => new BitorchError('WALLET_IN_USE', `the wallet is in use by process ${owner}: end it first`),
    );
    this.#open = { wallet, password, unlock };
    this.follow();
    this.#deps.onChange(this.view());
  }

  get #unlocked(): Open {
    if (this.#open) return this.#open;
    const missing = !existsSync(this.#options.path);
    throw missing
      ? new BitorchError('WALLET_MISSING', 'this node has no wallet yet: create or restore one')
      : new BitorchError('WALLET_LOCKED', 'unlock the wallet with its password first');
  }

  #orderOf({ to, amount, tier = 'normal' }: PaymentRequest): TransferOrder {
    return { payments: [{ to: this.#parse(to), amount: BigInt(amount) }], tier };
  }

  #parse(address: string): Address {
    return parseAddress(address, this.#options.chainId, defaultCurve());
  }

  async #save(): Promise<void> {
    const { wallet, password } = this.#unlocked;
    await wallet.save(this.#options.path, password);
  }

  get #backupMark(): string {
    return `${this.#options.path}.backup`;
  }

  async #markBackup(done: boolean): Promise<void> {
    this.#backedUp = done;
    await writeFileAtomic(this.#backupMark, done ? 'done\n' : 'open\n', 0o600);
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work, work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/** Compares hashes, so that the time it takes tells nothing. */
function requirePassword({ password }: Open, given: string): void {
  if (!timingSafeEqual(sha256(utf8(given)), sha256(utf8(password))))
    throw new BitorchError('PASSWORD_WRONG', 'the password is wrong');
}

const wordsOf = (wallet: Wallet): string[] => {
  if (wallet.words === undefined)
    throw new BitorchError('WALLET_VIEW_ONLY', 'a view-only wallet has no words');
  return wallet.words.split(' ');
};

/** With three different positions to ask back. */
function backupOf(wallet: Wallet): BackupWords {
  const words = wordsOf(wallet);
  const ask = new Set<number>();
  while (ask.size < ASKED_BACK) ask.add(randomInt(words.length) + 1);
  return { words, ask: [...ask].sort((a, b) => a - b) };
}
