import { toHex, utf8 } from '#base';
import type { SigningKey } from '#crypto';
import { Ledger } from '#ledger';
import { MemoryStore, type Store } from '#store';
import type {
  Application,
  BlockRequest,
  FinalizeBlockResult,
} from '../../../src/consensus/application/application.ts';
import {
  checkGenesis,
  type Genesis,
  networkOf,
  withChainId,
} from '../../../src/consensus/application/genesis.ts';
import { formatGenesis } from '../../../src/consensus/application/genesis-text.ts';
import {
  LedgerApplication,
  type LedgerApplicationDependencies,
} from '../../../src/consensus/application/ledger-application.ts';
import { verifierHere } from '../../../src/consensus/application/verification/spend-verifier.ts';
import { curve, signer, somebody, TEST_PARAMETERS, trustingSpends } from '../ledger/chain.ts';

export const TORCH = 1_000_000_000n;
export const NAME = 'test-chain';
export const START = 1_764_000_000_000;

/** Consensus keys of the genesis, in the order that the genesis has them in. */
export const founders: readonly SigningKey[] = ['one', 'two', 'three', 'four']
  .map((name) => signer(`founder ${name}`))
  .sort((a, b) => Buffer.compare(a.publicKey, b.publicKey));

export const timeouts = {
  propose: 1_000,
  proposeStep: 500,
  prevote: 300,
  prevoteStep: 200,
  precommit: 300,
  precommitStep: 200,
  commit: 500,
};

export function testGenesis(change: Partial<Genesis> = {}): Genesis {
  return checkGenesis(
    withChainId({
      real: 0,
      name: utf8(NAME),
      time: START,
      parameters: { ...TEST_PARAMETERS, network: networkOf(NAME, START) },
      consensus: { maxValidators: 10, genesisPower: 100, maxBytes: 2 ** 20, periodBlocks: 5, timeouts },
      validators: founders.map(({ publicKey }, i) => ({
        key: publicKey,
        owner: signer(`owner ${i}`).publicKey,
        payout: somebody,
        commission: 1_000,
        tokens: 0n,
      })),
      faucet: { entropy: new Uint8Array(32).fill(7), outputs: 20, amount: 10n ** 15n },
      ...change,
    }),
    curve,
  );
}

/** An application whose spends are taken on trust: `LedgerApplication` in everything else. */
export class TestChain {
  readonly store: Store;
  readonly application: LedgerApplication;

  constructor(key: SigningKey = founders[0]!, dependencies: Partial<LedgerApplicationDependencies> = {}) {
    this.store = dependencies.store ?? new MemoryStore();
    this.application = new LedgerApplication(
      { key },
      {
        curve,
        verifier: verifierHere({ spends: trustingSpends }),
        spends: trustingSpends,
        ...dependencies,
        store: this.store,
      },
    );
  }

  static async begun(
    key?: SigningKey,
    dependencies?: Partial<LedgerApplicationDependencies>,
    genesis = testGenesis(),
  ): Promise<TestChain> {
    const chain = new TestChain(key, dependencies);
    await begin(chain.application, genesis);
    return chain;
  }

  /** The ledger in the application's store, to look at. */
  get ledger(): Ledger {
    return Ledger.open({ store: this.store, curve, spends: trustingSpends });
  }
}

export const begin = (application: Application, genesis = testGenesis()) =>
  application.initChain({
    chainId: NAME,
    genesis: utf8(formatGenesis(genesis)),
    time: START,
    initialHeight: 1,
  });

const zeros = new Uint8Array(32);

export const blockOf = (
  height: number,
  proposer: SigningKey,
  transactions: readonly Uint8Array[],
): BlockRequest => ({
  height,
  time: START + height * 1_000,
  proposer: proposer.publicKey,
  blockId: zeros,
  transactions,
  misbehavior: [],
  lastCommit: { round: 0, votes: [] },
});

/** What the proposer proposes next, as the block that an engine makes of it. */
export async function propose(
  chain: TestChain,
  proposer: SigningKey = founders[0]!,
  transactions: readonly Uint8Array[] = [],
): Promise<BlockRequest> {
  const height = (await chain.application.info()).height + 1;
  const { time, proposer: key } = blockOf(height, proposer, []);
  const proposed = await chain.application.prepareProposal({
    height,
    time,
    proposer: key,
    maxBytes: 2 ** 20,
    transactions,
  });
  return blockOf(height, proposer, proposed.transactions);
}

export const finalize = (application: Application, block: BlockRequest): Promise<FinalizeBlockResult> =>
  application.finalizeBlock(block);

/** Proposes, accepts, finalizes and commits one block. */
export async function grow(
  chain: TestChain,
  transactions: readonly Uint8Array[] = [],
): Promise<{ block: BlockRequest; result: FinalizeBlockResult }> {
  const block = await propose(chain, founders[0]!, transactions);
  if (!(await chain.application.processProposal(block))) throw new Error('an honest proposal was refused');
  const result = await finalize(chain.application, block);
  await chain.application.commit();
  return { block, result };
}

/** Applies a block that was made elsewhere. */
export async function follow(application: Application, block: BlockRequest): Promise<string> {
  const { appHash } = await finalize(application, block);
  await application.commit();
  return toHex(appHash);
}
