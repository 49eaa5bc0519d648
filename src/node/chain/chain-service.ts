import { join } from 'node:path';
import { Lifecycle, type Logger } from '#base';
import type { Genesis } from '#consensus';
import type { SigningKey } from '#crypto';
import type { WalletChain } from '#ledger';
import type { Contacts, Host } from '#network';
import type { ChainEvent, ChainView, StakeApi, WalletApi, WalletView } from '../api/node-api.ts';
import { StakeService } from '../stake/stake-service.ts';
import { Faucet } from '../wallet/faucet.ts';
import { NodeWallet } from '../wallet/node-wallet.ts';
import { ChainFollower } from './chain-follower.ts';

export interface ChainServiceOptions {
  /** Data directory of the node. */
  readonly home: string;
  /** Path of the genesis file. */
  readonly genesis: string;
  readonly walletPassword: string | undefined;
  /** HEIGHT:ID of a block that somebody vouches for. */
  readonly trust?: string | undefined;
  /** See `ChainOptions.restMs`. */
  readonly restMs?: number | undefined;
}

export interface ChainServiceDependencies {
  readonly host: Host;
  readonly contacts: Contacts;
  readonly log: Logger;
  /** The consensus key: this node votes for as long as it is bonded. */
  readonly key: SigningKey;
  readonly nameOf: (validator: Uint8Array) => string | undefined;
  readonly onEvent: (event: ChainEvent) => void;
}

/** Verifying transactions is one thread's work on a node that has others to do. */
const VERIFY_THREADS = 1;

/** What a node has of money: the chain it follows, and its wallet. */
export class ChainService {
  readonly wallet: WalletApi;
  readonly walletChain: WalletChain;
  readonly stake: StakeApi;
  readonly #follower: ChainFollower;
  readonly #lifecycle: Lifecycle;

  private constructor(parts: {
    follower: ChainFollower;
    wallet: NodeWallet;
    stake: StakeService;
    lifecycle: Lifecycle;
  }) {
    const { follower, wallet, stake, lifecycle } = parts;
    this.#follower = follower;
    this.#lifecycle = lifecycle;
    this.wallet = wallet;
    this.stake = stake;
    this.walletChain = follower.walletChain;
  }

  static async start(
    options: ChainServiceOptions,
    dependencies: ChainServiceDependencies,
  ): Promise<ChainService> {
    const { home, genesis, walletPassword, trust, restMs } = options;
    const { log, key, onEvent } = dependencies;
    const lifecycle = new Lifecycle();
    try {
      const follower = await ChainFollower.start(
        { home: join(home, 'chain'), genesis, trust, restMs, threads: VERIFY_THREADS },
        dependencies,
      );
      lifecycle.onStop(() => follower.stop());
      const { application, walletChain: chain } = follower;
      const { network } = follower.genesis.parameters;
      const faucet = new Faucet(follower.genesis, chain);
      const onChange = (view: WalletView) => onEvent({ type: 'wallet', wallet: view });
      const wallet = new NodeWallet(
        { path: join(home, 'wallet'), network },
        { chain, faucet, log, onChange },
      );
      lifecycle.onStop(() => wallet.stop());
      lifecycle.onStop(follower.onBlock(() => wallet.follow()));
      if (walletPassword !== undefined) await wallet.openWith(walletPassword);
      const stake = new StakeService({ application, chain, wallet, key });
      return new ChainService({ follower, wallet, stake, lifecycle });
    } catch (error) {
      await lifecycle.stop().catch(() => undefined);
      throw error;
    }
  }

  get genesis(): Genesis {
    return this.#follower.genesis;
  }

  get view(): ChainView {
    return this.#follower.view;
  }

  stop(): Promise<void> {
    return this.#lifecycle.stop();
  }
}
