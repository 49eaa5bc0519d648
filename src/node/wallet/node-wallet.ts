import { randomInt } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { BitorchError, Coalescer, codeOf, type Logger, Mutex, messageOf, writeFileAtomic } from '#base';
import { type Address, defaultCurve, type SigningKey } from '#crypto';
import {
  checkPayment,
  OpenWallet,
  type PaymentToSplit,
  parseAddress,
  type SendResult,
  type TransferOrder,
  type TransferPlan,
  type WalletChain,
} from '#ledger';
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
  WordsCheck,
} from '../api/node-api.ts';
import type { Faucet } from './faucet.ts';
import { PasswordThrottle } from './password-throttle.ts';
import { addressViews, balanceView, historyView, previewOf, receiptOfAll } from './wallet-view.ts';

const ASKED_BACK = 3;
const SCAN_PAUSE_MS = 500;

export interface NodeWalletOptions {
  /** File of the wallet. */
  readonly path: string;
  readonly network: Uint8Array;
}

export interface NodeWalletDependencies {
  readonly chain: WalletChain;
  readonly faucet: Faucet;
  readonly log: Logger;
  readonly onChange: (view: WalletView) => void;
}

/** The wallet of a node: in a file, locked until its password is given; while it is open it follows the chain. */
export class NodeWallet implements WalletApi {
  readonly #options: NodeWalletOptions;
  readonly #deps: NodeWalletDependencies;
  #open: OpenWallet | undefined;
  readonly #throttle = new PasswordThrottle();
  #backedUp: boolean;
  #progress: { done: number; total: number } | undefined;
  #problem: string | undefined;
  readonly #scanning = new Coalescer(() => this.#follow(), { pauseMs: SCAN_PAUSE_MS });
  /** One thing at a time is done with the wallet. */
  readonly #mutex = new Mutex();

  constructor(options: NodeWalletOptions, dependencies: NodeWalletDependencies) {
    this.#options = options;
    this.#deps = dependencies;
    this.#backedUp = existsSync(this.#backupMark) && readFileSync(this.#backupMark, 'utf8') === 'done\n';
  }

  async stop(): Promise<void> {
    await this.#scanning.stop();
    await this.#mutex.idle();
    if (!this.#open) return;
    const open = this.#open;
    this.#open = undefined;
    await open.save().finally(() => open.close());
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
      ...(this.#problem !== undefined && { problem: this.#problem }),
      ...(this.#progress && { scan: this.#progress }),
      balance: balanceView(wallet),
      address: wallet.addressText(),
    };
  }

  create({ password, words, restoreHeight }: Parameters<WalletApi['create']>[0]): Promise<BackupWords> {
    return this.#mutex.run(async () => {
      const { path, network } = this.#options;
      if (this.#open || existsSync(path))
        throw new BitorchError('WALLET_EXISTS', 'this node has a wallet already', { path });
      const file = { path, password };
      const since = restoreHeight ?? (words ? 0 : (await this.#deps.chain.status()).height);
      await this.#requireHeight(since);
      const beginning = { network, restoreHeight: since };
      const open = words
        ? await OpenWallet.restore(file, words, beginning)
        : await OpenWallet.create(file, beginning);
      this.#opened(open);
      await this.#markBackup(words !== undefined);
      return backupOf(open);
    });
  }

  unlock(password: string): Promise<WalletView> {
    return this.#mutex.run(async () => {
      if (this.#open) await this.#authorise(password);
      else
        this.#opened(await this.#throttle.try(() => OpenWallet.open({ path: this.#options.path, password })));
      return this.view();
    });
  }

  /** Unlocks the wallet, or creates it if there is none. */
  async openWith(password: string): Promise<void> {
    if (existsSync(this.#options.path)) await this.unlock(password);
    else await this.create({ password });
  }

  lock(): WalletView {
    const open = this.#open;
    if (open) {
      const saved = this.#mutex.run(async () => {
        await open.save().finally(() => open.close());
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
    return this.#mutex.run(async () => {
      return this.#unlocked.newAddress(label);
    });
  }

  history(): WalletEntry[] {
    return historyView(this.#unlocked.wallet);
  }

  preview(request: PaymentRequest): Promise<PaymentPreview> {
    return this.#mutex.run(async () => {
      const { wallet } = this.#unlocked;
      const plans = await wallet.planPayment(this.#paymentOf(request), this.#deps.chain);
      return previewOf(plans, request.to, wallet);
    });
  }

  send({ password, ...request }: PaymentRequest & { password: string }): Promise<PaymentReceipt> {
    return this.#mutex.run(async () => {
      const open = await this.#authorise(password);
      const plans = await open.wallet.planPayment(this.#paymentOf(request), this.#deps.chain);
      const results = await open.sendAll(plans, this.#deps.chain);
      this.#deps.onChange(this.view());
      return receiptOfAll(results.map((result, i) => receiptOf(result, plans[i]!)));
    });
  }

  /** Signs a transfer, with the signatures that its actions need besides, and sends it. Throws PASSWORD_WRONG. */
  pay(order: TransferOrder, password: string, signers: readonly SigningKey[] = []): Promise<PaymentReceipt> {
    return this.#mutex.run(async () => {
      const open = await this.#authorise(password);
      const plan = await open.wallet.plan(order, this.#deps.chain);
      const result = await open.send(plan, this.#deps.chain, signers);
      this.#deps.onChange(this.view());
      return receiptOf(result, plan);
    });
  }

  /** A key of the wallet's, see `Wallet.signingKey`. Throws PASSWORD_WRONG. */
  async signingKey(purpose: string, context: Uint8Array, password: string): Promise<SigningKey> {
    const { wallet } = await this.#authorise(password);
    return wallet.signingKey(purpose, context);
  }

  prove(request: ProofRequest): Promise<PaymentProof> {
    return this.#mutex.run(async () => {
      const open = this.#unlocked;
      const { chain } = this.#deps;
      const { message } = request;
      const proof =
        'id' in request
          ? await open.prove(request.id, request.payment, message, chain)
          : await open.proveReceived(request.output, message, chain);
      return { proof };
    });
  }

  async checkProof({ proof, message }: { proof: string; message: string }): Promise<ProofVerdict> {
    try {
      const { address, amount, height } = await this.#mutex.run(() =>
        checkPayment(proof, message, this.#deps.chain),
      );
      return { valid: true, to: address, amount: `${amount}`, height };
    } catch (error) {
      if (codeOf(error) === 'PAYMENT_UNPROVEN' || codeOf(error) === 'PAYMENT_PROOF_INVALID')
        return { valid: false };
      throw error;
    }
  }

  async words(password: string): Promise<BackupWords> {
    return backupOf(await this.#authorise(password));
  }

  async checkWords({ words: answers, password }: WordsCheck): Promise<{ correct: boolean }> {
    const words = (await this.#authorise(password)).words.split(' ');
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
    if (this.#open) void this.#scanning.run();
  }

  async #follow(): Promise<void> {
    const problem = await this.#mutex.run(() => this.#scan()).then(() => undefined, messageOf);
    this.#notice(problem);
  }

  /** Says once what keeps it from coming up to the chain, and when that is over. */
  #notice(problem: string | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    if (problem !== undefined)
      this.#deps.log.warn({ error: problem }, 'the wallet could not be brought up to the chain');
    this.#deps.onChange(this.view());
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

  #opened(open: OpenWallet): void {
    // A founder's wallet is older than the network.
    open.wallet.bind(this.#options.network);
    this.#open = open;
    this.follow();
    this.#deps.onChange(this.view());
  }

  /** The open wallet, for whoever knows its password. Throws PASSWORD_WRONG, PASSWORD_THROTTLED. */
  async #authorise(password: string): Promise<OpenWallet> {
    const open = this.#unlocked;
    await this.#throttle.try(() => open.requirePassword(password));
    return open;
  }

  get #unlocked(): OpenWallet {
    if (this.#open) return this.#open;
    const missing = !existsSync(this.#options.path);
    throw missing
      ? new BitorchError('WALLET_MISSING', 'this node has no wallet yet: create or restore one')
      : new BitorchError('WALLET_LOCKED', 'unlock the wallet with its password first');
  }

  #paymentOf({ to, amount, tier = 'normal', again = false }: PaymentRequest): PaymentToSplit {
    return { to: this.#parse(to), amount: BigInt(amount), tier, again };
  }

  async #requireHeight(since: number): Promise<void> {
    const { height } = since > 0 ? await this.#deps.chain.status() : { height: 0 };
    if (since > height)
      throw new BitorchError(
        'HEIGHT_BEYOND',
        `the chain is only at block ${height}: scan from an earlier one, or from 0 to find everything`,
      );
  }

  #parse(address: string): Address {
    return parseAddress(address, this.#options.network, defaultCurve());
  }

  get #backupMark(): string {
    return `${this.#options.path}.backup`;
  }

  async #markBackup(done: boolean): Promise<void> {
    this.#backedUp = done;
    await writeFileAtomic(this.#backupMark, done ? 'done\n' : 'open\n', 0o600);
  }
}

const receiptOf = (result: SendResult, { fee, expiry }: TransferPlan): PaymentReceipt => ({
  ...result,
  fee: `${fee}`,
  expiry,
});

/** With three different positions to ask back. */
function backupOf({ words: all }: OpenWallet): BackupWords {
  const words = all.split(' ');
  const ask = new Set<number>();
  while (ask.size < ASKED_BACK) ask.add(randomInt(words.length) + 1);
  return { words, ask: [...ask].sort((a, b) => a - b) };
}
