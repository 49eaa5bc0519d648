import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Lifecycle, type Logger } from '#base';
import type { SigningKey } from '#crypto';
import type { WalletChain } from '#ledger';
import type { Host } from '#network';
import type { ChainEvent, ChainView, StakeApi, WalletApi } from '../chain-api.ts';
import { Faucet } from './faucet.ts';
import { Following } from './following.ts';
import { NodeWallet } from './node-wallet.ts';
import { Staking } from './staking.ts';

export interface ChainPartOptions {
  /** Data directory of the node. */
  readonly home: string;
  /** Path of the genesis file. */
  readonly genesis: string;
  readonly walletPassword: string | undefined;
  readonly contacts: readonly string[];
  /** HEIGHT:ID of a block that somebody vouches for. */
  readonly trust?: string | undefined;
  /** See `ChainOptions.restMs`. */
  readonly restMs?: number | undefined;
}

export interface ChainPartDependencies {
  readonly host: Host;
  readonly log: Logger;
  /** The consensus key: this node votes for as long as it is bonded. */
  readonly key: SigningKey;
  readonly nameOf: (validator: Uint8Array) => string | undefined;
  readonly onEvent: (event: ChainEvent) => void;
}

/** Verifying transactions is one thread's work on a node that has others to do. */
const VERIFY_THREADS = 1;

/** What a node has of money: the chain it follows, and its wallet. */
export class ChainPart {
  readonly wallet: WalletApi;
  readonly walletChain: WalletChain;
  readonly stake: StakeApi;
  readonly #following: Following;
  readonly #lifecycle: Lifecycle;

  private constructor(parts: {
    following: Following;
    wallet: NodeWallet;
    stake: Staking;
    lifecycle: Lifecycle;
  }) {
    const { following, wallet, stake, lifecycle } = parts;
    this.#following = following;
    this.#lifecycle = lifecycle;
    this.wallet = wallet;
    this.stake = stake;
    this.walletChain = following.walletChain;
  }

  static async start(options: ChainPartOptions, dependencies: ChainPartDependencies): Promise<ChainPart> {
    const { home, genesis, walletPassword, contacts, trust, restMs } = options;
    const { log, onEvent } = dependencies;
    const lifecycle = new Lifecycle();
    let wallet: NodeWallet | undefined;
    const following = await Following.start(
      { home: join(home, 'chain'), genesis, contacts, trust, restMs, threads: VERIFY_THREADS },
      {
        ...dependencies,
        onBlock: () => wallet?.follow(),
      },
    );
    lifecycle.onStop(() => following.stop());
    const { network } = following.genesis.parameters;
    const faucet = new Faucet(following.genesis, following.walletChain);
    const opened = new NodeWallet(
      { path: join(home, 'wallet'), network },
      {
        chain: following.walletChain,
        faucet,
        log,
        onChange: (view) => onEvent({ type: 'wallet', wallet: view }),
      },
    );
    wallet = opened;
    const { application, walletChain: chain } = following;
    const stake = new Staking({ application, chain, wallet: opened, key: dependencies.key });
    lifecycle.onStop(() => opened.stop());
    if (walletPassword !== undefined) {
      if (existsSync(join(home, 'wallet'))) await opened.unlock(walletPassword);
      else await opened.create({ password: walletPassword });
    }
    return new ChainPart({ following, wallet: opened, stake, lifecycle });
  }

  get view(): ChainView {
    return this.#following.view;
  }

  stop(): Promise<void> {
    return this.#lifecycle.stop();
  }
}
