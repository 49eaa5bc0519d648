import { formatGenesis, type Genesis, makeGenesis } from '#consensus';
import { defaultCurve, type SigningKey } from '#crypto';
import { TORCH } from '#ledger';
import type { Timeouts } from '../../src/consensus/application/genesis.ts';
import { keyOf } from '../../test/support/consensus/cluster.ts';

export const NAME = 'bench-chain';
export const BEGINS = Date.UTC(2026, 0, 1);
export const ENTROPY = new Uint8Array(32).fill(11);
/** The pause between blocks, in both engines. */
export const PAUSE_MS = 200;

/** Keys of the validators of either engine: a transfer is signed for one genesis, which names them. */
export const VALIDATOR_KEYS: readonly SigningKey[] = [0, 1, 2, 3].map((i) => keyOf(`validator ${i}`));

/** The network of the bench. */
export const genesisOf = (
  keys: readonly SigningKey[],
  outputs: number,
  timeouts: Partial<Timeouts> = {},
): Genesis =>
  makeGenesis(
    {
      network: 'test',
      name: NAME,
      time: BEGINS,
      founders: keys.map(({ publicKey }) => ({ key: publicKey, owner: publicKey })),
      faucet: { entropy: ENTROPY, outputs, amount: 10n * TORCH },
      consensus: {
        genesisPower: 1_000,
        maxBytes: 1 << 20,
        timeouts: {
          propose: 1_000,
          proposeStep: 500,
          prevote: 300,
          prevoteStep: 200,
          precommit: 300,
          precommitStep: 200,
          commit: PAUSE_MS,
          ...timeouts,
        },
      },
      parameters: { maturity: 1, mintMaturity: 1, startFee: 10n, maxBlockWeight: 2 ** 21 },
    },
    defaultCurve(),
  );

export const genesisText = (
  keys: readonly SigningKey[],
  outputs: number,
  timeouts?: Partial<Timeouts>,
): string => formatGenesis(genesisOf(keys, outputs, timeouts));
