import { utf8 } from '#base';
import type { SigningKey } from '#crypto';
import {
  checkGenesis,
  type Genesis,
  networkOf,
  withChainId,
} from '../../../src/consensus/application/genesis.ts';
import { formatGenesis } from '../../../src/consensus/application/genesis-text.ts';
import { curve, signer, somebody, TEST_PARAMETERS } from '../ledger/chain.ts';

export const NAME = 'cluster';
const TIME = 1_764_000_000_000;
export const NETWORK = networkOf(NAME, TIME);
/** The faucet's words follow from these. */
export const FAUCET_ENTROPY = new Uint8Array(32).fill(7);

/** The genesis file of a test network whose validators have these keys, with short pauses. */
export function genesisFor(keys: readonly SigningKey[], change: Partial<Genesis> = {}, tokens = 0n): string {
  const genesis = withChainId({
    real: 0,
    name: utf8(NAME),
    time: TIME,
    parameters: { ...TEST_PARAMETERS, network: NETWORK, mintMaturity: 2, epochBlocks: 1_000 },
    consensus: {
      maxValidators: 10,
      genesisPower: 100,
      maxBytes: 2 ** 20,
      periodBlocks: 100,
      timeouts: {
        propose: 600,
        proposeStep: 200,
        prevote: 200,
        prevoteStep: 100,
        precommit: 200,
        precommitStep: 100,
        commit: 100,
      },
    },
    validators: [...keys]
      .sort((a, b) => Buffer.compare(a.publicKey, b.publicKey))
      .map(({ publicKey }, i) => ({
        key: publicKey,
        owner: signer(`owner ${i}`).publicKey,
        payout: somebody,
        commission: 1_000,
        tokens,
      })),
    faucet: { entropy: FAUCET_ENTROPY, outputs: 64, amount: 10n ** 12n },
    ...change,
  });
  return formatGenesis(checkGenesis(genesis, curve));
}
