import { createLog } from '#base';
import type { SigningKey } from '#crypto';
import { ringSpends, Wallet, wordsOf } from '#ledger';
import { type Application, verifierHere } from '../../../src/consensus/application/index.ts';
import { makeBlock, ValidatorSet, verifyAll } from '../../../src/consensus/blocks/index.ts';
import { NIL } from '../../../src/consensus/constants.ts';
import {
  LightChain,
  LightClient,
  type LightPeer,
  type SeenFork,
  type Trusted,
} from '../../../src/consensus/light/index.ts';
import type { LightBlock } from '../../../src/consensus/sync/index.ts';
import { curve } from '../ledger/chain.ts';
import { founders, grow, START, TestChain, testGenesis } from './application.ts';
import { commitOf } from './headers.ts';

const genesis = testGenesis();
export const CHAIN_ID = genesis.parameters.chainId;
const set = ValidatorSet.of(founders.map(({ publicKey }) => ({ key: publicKey, power: 100 })));
export const FIRST: Trusted = LightClient.genesis(set.validators, START);

/** The wallet that owns the first outputs. */
export const faucetWallet = (): Wallet =>
  Wallet.restore(wordsOf(new Uint8Array(genesis.faucet.entropy)), {
    network: genesis.parameters.network,
    curve,
  });

export const walletNamed = (byte: number): Wallet =>
  Wallet.restore(wordsOf(new Uint8Array(32).fill(byte)), { network: genesis.parameters.network, curve });

/**
 * A chain with real state, real headers and real commits that grows when somebody waits for its next block. Two worlds that
 * were grown alike are the same chain; one with other `signers` from some height on, or other transactions, is a branch.
 */
export class LightWorld {
  readonly links: LightBlock[] = [];
  readonly #chain: TestChain;
  signers: readonly SigningKey[] = founders;

  private constructor(chain: TestChain) {
    this.#chain = chain;
  }

  static async begun(blocks: number): Promise<LightWorld> {
    const spends = ringSpends(curve);
    const world = new LightWorld(
      await TestChain.begun(founders[0]!, { spends, verifier: verifierHere({ spends }) }),
    );
    for (let i = 0; i < blocks; i++) await world.grow();
    return world;
  }

  get application(): Application {
    return this.#chain.application;
  }

  get height(): number {
    return this.links.length;
  }

  /** Just after the last block. */
  get now(): number {
    return START + this.height * 1_000 + 500;
  }

  async grow(): Promise<void> {
    const { appHash } = await this.application.info();
    const { block } = await grow(this.#chain);
    const last = this.links.at(-1);
    const validators = ValidatorSet.of(this.signers.map(({ publicKey }) => ({ key: publicKey, power: 100 })));
    const made = makeBlock({
      chainId: CHAIN_ID,
      height: block.height,
      time: block.time,
      previous: last?.commit.block ?? NIL,
      lastCommit: last?.commit,
      transactions: block.transactions,
      validators: validators.hash,
      nextValidators: validators.hash,
      appHash,
      proposer: block.proposer,
    });
    const commit = commitOf(made, validators, this.signers, 0, CHAIN_ID);
    this.links.push({ header: made.header, commit, validators, nextValidators: validators });
  }

  /** A node that says the truth, but for what is put in its place. */
  peer(id: string, lies: Partial<LightPeer> = {}): LightPeer {
    return {
      id,
      light: async (height) => {
        if (height === this.height + 1) await this.grow();
        return this.links[(height || this.height) - 1];
      },
      query: (request) => this.application.query(request),
      checkTx: ({ bytes }) => this.application.checkTx({ bytes, recheck: false }),
      close: () => undefined,
      ...lies,
    };
  }

  /** What this chain is to a wallet that asks these nodes. */
  chainOf(
    peers: readonly LightPeer[],
    { now = () => this.now, from = FIRST, maxAgeMs = 60_000, trustingPeriodMs = 86_400_000 } = {},
  ): { chain: LightChain; forks: SeenFork[]; kept: Trusted[] } {
    const forks: SeenFork[] = [];
    const kept: Trusted[] = [];
    const chain = new LightChain(
      { trust: { chainId: CHAIN_ID, trustingPeriodMs, clockToleranceMs: 10_000 }, from, maxAgeMs },
      {
        peers: async () => peers,
        verify: verifyAll,
        now,
        log: createLog('silent'),
        keep: (trusted) => kept.push(trusted),
        onFork: (fork) => forks.push(fork),
      },
    );
    return { chain, forks, kept };
  }
}
