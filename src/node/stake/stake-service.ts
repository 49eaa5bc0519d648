import { BitorchError, concat, equalBytes, toHex } from '#base';
import { ask, type LedgerApplication } from '#consensus';
import { type Address, defaultCurve, type SigningKey } from '#crypto';
import {
  type AccountKind,
  type Action,
  ALL_SHARES,
  type Delegation,
  delegations,
  deriveOneTime,
  parseAddress,
  TORCH,
  type Validator,
  validators,
  type WalletChain,
} from '#ledger';
import type { ReadView } from '#store';
import type { PaymentReceipt, StakeApi, StakeView } from '../api/node-api.ts';
import type { NodeWallet } from '../wallet/node-wallet.ts';
import { OWNER_PURPOSE } from './owner-key.ts';
import { publicTransaction } from './public-transaction.ts';

const WHOLE = 10_000;

export interface StakeServiceDependencies {
  readonly application: LedgerApplication;
  readonly chain: WalletChain;
  readonly wallet: NodeWallet;
  /** The consensus key of this node. */
  readonly key: SigningKey;
}

/** The bond of this node's validator: made from the wallet's private money, public while it lasts, private afterwards. */
export class StakeService implements StakeApi {
  readonly #deps: StakeServiceDependencies;

  constructor(dependencies: StakeServiceDependencies) {
    this.#deps = dependencies;
  }

  async view(): Promise<StakeView> {
    const record = await this.#validator();
    const own = record && (await this.#delegation(record.owner));
    return {
      validator: toHex(this.#key),
      bonded: record !== undefined,
      pool: `${record?.tokens ?? 0n}`,
      own: `${own && record.shares > 0n ? (own.shares * record.tokens) / record.shares : 0n}`,
      commission: (record?.commission ?? 0) / WHOLE,
      missed: record?.missed ?? 0,
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
    const { wallet, key } = this.#deps;
    const owner = await this.#owner(password);
    const sum = BigInt(amount);
    const record = await this.#validator();
    if (record?.tombstoned) throw forEverOut();
    if (record) {
      const body = { validator: this.#key, delegator: owner.publicKey, amount: sum };
      return wallet.pay({ actions: [{ name: 'delegate', body }], payments: [] }, password);
    }
    const { leastBond } = (await this.#deps.chain.status()).parameters;
    if (sum < leastBond)
      throw new BitorchError(
        'BOND_SMALL',
        `the minimum bond of this network is ${Number(leastBond) / Number(TORCH)} TORCH`,
      );
    const body = {
      validator: this.#key,
      owner: owner.publicKey,
      payout: await this.#payout(),
      commission: Math.round(commission * WHOLE),
      amount: sum,
    };
    const order = { actions: [{ name: 'bond' as const, body }], payments: [], signatures: 2 };
    return wallet.pay(order, password, [key, owner]);
  }

  /** Takes some of the bond back, or all of it: it comes to the wallet after the unbonding time. */
  async unbond({ amount, password }: Parameters<StakeApi['unbond']>[0]): Promise<PaymentReceipt> {
    const owner = await this.#owner(password);
    const record = (await this.#validator()) ?? notBonded();
    const { shares: all, sequence } = (await this.#delegation(owner.publicKey)) ?? ofOther();
    if (all === 0n || record.tokens === 0n) notBonded();
    const shares = amount === undefined ? ALL_SHARES : (BigInt(amount) * record.shares) / record.tokens;
    if (amount !== undefined && shares > all) {
      const own = (all * record.tokens) / record.shares;
      throw new BitorchError(
        'BOND_SMALL',
        `the bond is ${Number(own) / Number(TORCH)} TORCH: withdraw less, or all of it`,
      );
    }
    const refund = deriveOneTime(await this.#payout(), owner.publicKey, defaultCurve());
    const body = { validator: this.#key, delegator: owner.publicKey, shares, refund, sequence };
    return this.#submit((fee) => ({ name: 'undelegate', body: { ...body, fee } }), [owner]);
  }

  /** The fee comes out of the bond; out of the wallet where there is none. */
  async unjail({ password }: Parameters<StakeApi['unjail']>[0]): Promise<PaymentReceipt> {
    const owner = await this.#owner(password);
    const { sequence, jailedUntil, tombstoned, ...record } = (await this.#validator()) ?? notBonded();
    if (tombstoned) throw forEverOut();
    if (!equalBytes(record.owner, owner.publicKey)) ofOther();
    if (jailedUntil === 0) throw new BitorchError('NOT_JAILED', 'this node’s validator is not jailed');
    const next = (await this.#deps.chain.status()).height + 1;
    if (next < jailedUntil) {
      throw new BitorchError(
        'STILL_JAILED',
        `jailed until block ${jailedUntil}; the next block is ${next}: try again later`,
        { jailedUntil, next },
      );
    }
    const unjail = (fee: bigint) => ({
      name: 'unjail' as const,
      body: { validator: this.#key, sequence, fee },
    });
    if ((await this.#delegation(owner.publicKey))?.shares) return this.#submit(unjail, [owner]);
    const order = { actions: [unjail(0n)], payments: [], signatures: 1 };
    return this.#deps.wallet.pay(order, password, [owner]);
  }

  get #key(): Uint8Array {
    return this.#deps.key.publicKey;
  }

  #owner(password: string): Promise<SigningKey> {
    return this.#deps.wallet.signingKey(OWNER_PURPOSE, this.#key, password);
  }

  async #submit(action: (fee: bigint) => Action, signers: readonly SigningKey[]): Promise<PaymentReceipt> {
    const made = publicTransaction(action, signers, await this.#moment(), defaultCurve());
    const submission = await this.#deps.chain.submit(made.bytes);
    // Nobody tries it again: whoever asked for it does.
    if (submission.outcome !== 'sent') throw BitorchError.relayed(submission.code, submission.message);
    return { id: toHex(made.hashes.id), fee: `${made.body.fee}`, expiry: made.body.expiry, outcome: 'sent' };
  }

  async #payout(): Promise<Address> {
    const { network } = (await this.#deps.chain.status()).parameters;
    return parseAddress(this.#deps.wallet.addresses()[0]!.address, network, defaultCurve());
  }

  async #moment() {
    const { height, baseFee, parameters } = await this.#deps.chain.status();
    const { chainId, expiryWindow } = parameters;
    return { chainId, height, expiryWindow, baseFee };
  }

  async #validator(): Promise<Validator | undefined> {
    return this.#recordIn(validators, this.#key, this.#key);
  }

  async #delegation(delegator: Uint8Array): Promise<Delegation | undefined> {
    const pair = [this.#key, delegator] as const;
    return this.#recordIn(delegations, pair, concat(pair));
  }

  async #recordIn<K, V>(kind: AccountKind<K, V>, key: K, bytes: Uint8Array): Promise<V | undefined> {
    const tagged = concat([Uint8Array.of(kind.tag), bytes]);
    const [value] = await ask(this.#deps.application, '/account', { key: tagged });
    const view: ReadView = { get: () => value, range: () => [] };
    return kind.bucket.get(view, key);
  }
}

function notBonded(): never {
  throw new BitorchError(
    'NOT_BONDED',
    'this node’s validator has no bond: create one with "bitorch stake bond"',
  );
}

function ofOther(): never {
  throw new BitorchError(
    'OWNER_OTHER',
    'the bond was made with another wallet: restore that one from its words, on this node',
  );
}

const forEverOut = (): BitorchError =>
  new BitorchError(
    'VALIDATOR_OUT',
    'this validator signed twice and is removed permanently: take back what is left with "bitorch stake unbond"; to begin ' +
      'again stop the node, move validator.key and chain/last-sign away, and bond with the new key',
  );
