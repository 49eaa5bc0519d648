import { BitorchError, codeOf, Mutex, toHex } from '#base';
import type { Genesis } from '#consensus';
import { type Address, defaultCurve } from '#crypto';
import { parseAddress, TORCH, type TransferPlan, Wallet, type WalletChain, wordsOf } from '#ledger';
import type { PaymentReceipt } from '../api/node-api.ts';

const MOST = 100n * TORCH;
const TRIES = 5;

/**
 * The faucet of a test network: a wallet whose words are in the genesis, so that everybody can pay from it. Two who do
 * so at the same time may take the same outputs; the second then takes others.
 */
export class Faucet {
  readonly #genesis: Genesis;
  readonly #chain: WalletChain;
  #wallet: Wallet | undefined;
  readonly #payments = new Mutex();

  constructor(genesis: Genesis, chain: WalletChain) {
    this.#genesis = genesis;
    this.#chain = chain;
  }

  /** Sends some to an address. Throws NO_FAUCET, FAUCET_EMPTY, ADDRESS_INVALID. */
  pay(address: string): Promise<PaymentReceipt> {
    return this.#payments.run(() => this.#pay(address));
  }

  async #pay(address: string): Promise<PaymentReceipt> {
    const { faucet, parameters } = this.#genesis;
    if (faucet.outputs === 0)
      throw new BitorchError('NO_FAUCET', 'this network has no faucet: it is not a test network');
    const { network } = parameters;
    const curve = defaultCurve();
    const to = parseAddress(address, network, curve);
    this.#wallet ??= Wallet.restore(wordsOf(faucet.entropy), { network, curve });
    const wallet = this.#wallet;
    const amount = faucet.amount / 2n < MOST ? faucet.amount / 2n : MOST;
    for (let tries = 1; ; tries++) {
      await wallet.scan(this.#chain);
      const plan = await this.#plan(wallet, to, amount);
      const transaction = await wallet.sign(plan, this.#chain);
      const submission = await wallet.submit(transaction, this.#chain);
      if (submission.outcome === 'sent')
        return { id: toHex(transaction.hashes.id), fee: `${plan.fee}`, expiry: plan.expiry, outcome: 'sent' };
      // What it meant to spend stays reserved in the wallet, so that the next try takes something else.
      if (submission.code !== 'MEMPOOL_CONFLICT' || tries === TRIES)
        throw BitorchError.relayed(submission.code, submission.message);
    }
  }

  async #plan(wallet: Wallet, to: Address, amount: bigint): Promise<TransferPlan> {
    try {
      return await wallet.plan({ payments: [{ to, amount }], again: true }, this.#chain);
    } catch (error) {
      if (codeOf(error) !== 'FUNDS_INSUFFICIENT') throw error;
      throw new BitorchError(
        'FAUCET_EMPTY',
        'the faucet is empty at the moment: try again after some blocks',
      );
    }
  }
}
