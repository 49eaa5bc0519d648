import { join } from 'node:path';
import { Lifecycle, type Logger } from '#base';
import { type Genesis, LightFollower } from '#consensus';
import type { WalletChain } from '#ledger';
import type { Host } from '#network';
import type { ChainEvent, WalletApi } from '../api/node-api.ts';
import { Faucet } from '../wallet/faucet.ts';
import { NodeWallet } from '../wallet/node-wallet.ts';

export interface LightChainServiceOptions {
  /** Data directory of the node. */
  readonly home: string;
  /** Path of the genesis file. */
  readonly genesis: string;
  readonly walletPassword: string | undefined;
  readonly contacts: readonly string[];
  readonly trust: string | undefined;
}

export interface LightChainServiceDependencies {
  readonly host: Host;
  readonly log: Logger;
  readonly onEvent: (event: ChainEvent) => void;
}

const FOLLOW_MS = 3_000;

/** What a light node has of money: a wallet that follows the chain by its headers and believes no node. */
export class LightChainService {
  readonly wallet: WalletApi;
  /** For wallets beside the node. */
  readonly walletChain: WalletChain;
  readonly genesis: Genesis;
  /** It keeps no blocks and has no validator. */
  readonly view: undefined;
  readonly stake: undefined;
  readonly #lifecycle: Lifecycle;

  private constructor(parts: {
    wallet: WalletApi;
    walletChain: WalletChain;
    genesis: Genesis;
    lifecycle: Lifecycle;
  }) {
    this.wallet = parts.wallet;
    this.walletChain = parts.walletChain;
    this.genesis = parts.genesis;
    this.#lifecycle = parts.lifecycle;
  }

  static async start(
    options: LightChainServiceOptions,
    dependencies: LightChainServiceDependencies,
  ): Promise<LightChainService> {
    const { home, genesis, walletPassword, contacts, trust } = options;
    const { log, onEvent } = dependencies;
    const path = join(home, 'wallet');
    const lifecycle = new Lifecycle();
    const follower = await LightFollower.of(
      { home: join(home, 'light'), genesis, contacts, trust },
      dependencies,
    );
    // One each: what a chain has proven of decoys belongs to one wallet's rings.
    const [chain, faucetChain, walletChain] = [
      await follower.open(),
      await follower.open(),
      await follower.open(),
    ];
    const wallet = new NodeWallet(
      { path, network: follower.genesis.parameters.network },
      {
        chain,
        faucet: new Faucet(follower.genesis, faucetChain),
        log,
        onChange: (view) => onEvent({ type: 'wallet', wallet: view }),
      },
    );
    lifecycle.onStop(() => wallet.stop());
    const timer = setInterval(() => wallet.follow(), FOLLOW_MS).unref();
    lifecycle.onStop(() => clearInterval(timer));
    try {
      if (walletPassword !== undefined) await wallet.openWith(walletPassword);
    } catch (error) {
      await lifecycle.stop();
      throw error;
    }
    const { genesis: content } = follower;
    return new LightChainService({ wallet, walletChain, genesis: content, lifecycle });
  }

  stop(): Promise<void> {
    return this.#lifecycle.stop();
  }
}
