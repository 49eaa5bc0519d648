import { BitorchError, concat, equalBytes, toHex } from '#base';
import { ask, type LedgerApplication } from '#consensus';
import { defaultCurve, type SigningKey } from '#crypto';
import {
  type Action,
  type Delegation,
  delegations,
  deriveOneTime,
  parseAddress,
  type Validator,
  type WalletChain,
} from '#ledger';
import type { ReadView } from '#store';
import type { PaymentReceipt, StakeApi, StakeView } from '../chain-api.ts';
import { ownerKeyOf } from './devnet-chain.ts';
import type { NodeWallet } from './node-wallet.ts';
import { publicTransaction } from './public-transaction.ts';

const WHOLE = 10_000;

export interface StakingDependencies {
  readonly application: LedgerApplication;
  readonly chain: WalletChain;
  readonly wallet: NodeWallet;
  /** The consensus key of this node, made when it is first asked for. */
  readonly key: () => Promise<SigningKey>;
}

/** The bond of this node's validator: made from the wallet's private money, public while it lasts, private afterwards. */
export class Staking implements StakeApi {
  readonly #deps: StakingDependencies;

  constructor(dependencies: StakingDependencies) {
    this.#deps = dependencies;
  }

  async view(): Promise<StakeView> {
    const key = await this.#deps.key();
    const record = await this.#validator(key.publicKey);
    const { own } = await this.#delegation(key);
    return {
      validator: toHex(key.publicKey),
      bonded: record !== undefined,
      pool: `${record?.tokens ?? 0n}`,
      own: `${record && record.shares > 0n ? ((own?.shares ?? 0n) * record.tokens) / record.shares : 0n}`,
      commission: (record?.commission ?? 0) / WHOLE,
      jailedUntil: record?.jailedUntil ?? 0,
      tombstoned: record?.tombstoned === 1,
    };
  }

  /** Bonds, or adds to the bond. */
  async bond({
    amount,
    commission = 0.1,
    password,
  }: Parameters<StakeApi['bond']>[0]): Promise<PaymentReceipt> {
    const { wallet } = this.#deps;
    const key = await this.#deps.key();
    const owner = ownerKeyOf(key);
    const sum = BigInt(amount);
    if (await this.#validator(key.publicKey)) {
      const body = { validator: key.publicKey, delegator: owner.publicKey, amount: sum };
      return wallet.pay({ actions: [{ name: 'delegate', body }], payments: [] }, password);
    }
    const payout = parseAddress(
      wallet.addresses()[0]!.address,
      (await this.#moment()).chainId,
      defaultCurve(),
    );
    const part = Math.round(commission * WHOLE);
    const body = {
      validator: key.publicKey,
      owner: owner.publicKey,
      payout,
      commission: part,
      amount: sum,
    };
    return wallet.pay({ actions: [{ name: 'bond', body }], payments: [], signatures: 2 }, password, [
      key,
      owner,
    ]);
  }

  /** Takes some of the bond back, or all of it: it comes to the wallet after the unbonding time. */
  async unbond({ amount }: Parameters<StakeApi['unbond']>[0]): Promise<PaymentReceipt> {
    const key = await this.#deps.key();
    const owner = ownerKeyOf(key);
    const record = (await this.#validator(key.publicKey)) ?? notBonded();
    const { own } = await this.#delegation(key);
    if (!own) return notBonded();
    const shares = amount === undefined ? own.shares : (BigInt(amount) * record.shares) / record.tokens;
    const refund = await this.#refund();
    const [validator, delegator] = [key.publicKey, owner.publicKey];
    const { sequence } = own;
    return this.#submit(
      (fee) => ({ name: 'undelegate', body: { validator, delegator, shares, refund, sequence, fee } }),
      [owner],
    );
  }

  async unjail(): Promise<PaymentReceipt> {
    const key = await this.#deps.key();
    const { sequence } = (await this.#validator(key.publicKey)) ?? notBonded();
    const validator = key.publicKey;
    return this.#submit((fee) => ({ name: 'unjail', body: { validator, sequence, fee } }), [ownerKeyOf(key)]);
  }

  async #submit(action: (fee: bigint) => Action, signers: readonly SigningKey[]): Promise<PaymentReceipt> {
    const made = publicTransaction(action, signers, await this.#moment(), defaultCurve());
    await this.#deps.chain.submit(made.bytes);
    return { id: toHex(made.hashes.id), fee: `${made.body.fee}`, expiry: made.body.expiry };
  }

  async #refund() {
    const curve = defaultCurve();
    const { chainId } = await this.#moment();
    return deriveOneTime(parseAddress(this.#deps.wallet.addresses()[0]!.address, chainId, curve), curve);
  }

  async #moment() {
    const { height, baseFee, parameters } = await this.#deps.chain.status();
    const { chainId, expiryWindow } = parameters;
    return { chainId, height, expiryWindow, baseFee };
  }

  async #validator(key: Uint8Array): Promise<Validator | undefined> {
    const all = await ask(this.#deps.application, '/validators', {});
    return all.find((one) => equalBytes(one.key, key))?.record;
  }

  async #delegation(key: SigningKey): Promise<{ own: Delegation | undefined }> {
    const pair = [key.publicKey, ownerKeyOf(key).publicKey] as const;
    const tagged = concat([Uint8Array.of(delegations.tag), ...pair]);
    const [value] = await ask(this.#deps.application, '/account', { key: tagged });
    const view: ReadView = { get: () => value, range: () => [] };
    return { own: delegations.bucket.get(view, pair) };
  }
}

function notBonded(): never {
  throw new BitorchError(
    'NOT_BONDED',
    'this node’s validator has no bond: make one with "bitorch stake bond"',
  );
}
