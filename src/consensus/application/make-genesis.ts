import { utf8 } from '#base';
import type { Address, Curve } from '#crypto';
import { DEFAULT_PARAMETERS, type Parameters } from '#ledger';
import {
  type ConsensusParameters,
  checkGenesis,
  faucetAddress,
  type Genesis,
  type GenesisContent,
  networkOf,
  type Timeouts,
  withChainId,
} from './genesis.ts';

/** Timeouts for blocks of about two seconds. */
const DEFAULT_TIMEOUTS: Timeouts = {
  propose: 3_000,
  proposeStep: 500,
  prevote: 1_000,
  prevoteStep: 500,
  precommit: 1_000,
  precommitStep: 500,
  commit: 1_500,
};

const DEFAULT_CONSENSUS: ConsensusParameters = {
  maxValidators: 100,
  genesisPower: 100_000,
  maxBytes: 524_288,
  periodBlocks: 300,
  timeouts: DEFAULT_TIMEOUTS,
};

export interface Founder {
  readonly key: Uint8Array;
  readonly owner: Uint8Array;
  /** Defaults to the faucet's address on a test network. */
  readonly payout?: Address;
  /** Share of its rewards, in ten-thousandths. */
  readonly commission?: number;
  /** Sparks bonded at genesis; test networks only. */
  readonly tokens?: bigint;
}

export interface GenesisPlan {
  readonly network: 'test' | 'real';
  readonly name: string;
  /** ms since epoch. */
  readonly time: number;
  readonly founders: readonly Founder[];
  readonly faucet?: Genesis['faucet'];
  readonly parameters?: Partial<Omit<Parameters, 'chainId' | 'network'>>;
  readonly consensus?: Partial<ConsensusParameters>;
}

/**
 * Equal outputs that fill the first rings. Their secret follows from a 32-byte public sentence, so anybody can
 * spend them.
 */
const defaultFaucet = (name: string): Genesis['faucet'] => ({
  entropy: utf8(`public faucet of ${name}`.padEnd(32, '.').slice(0, 32)),
  outputs: 512,
  amount: 10_000_000_000_000n,
});

/**
 * Builds the genesis of a network; everything not given takes its default. Throws GENESIS_INVALID when a rule is
 * broken.
 */
export function makeGenesis(plan: GenesisPlan, curve: Curve): Genesis {
  const { network, name, time, founders, parameters, consensus } = plan;
  const nothing = { entropy: new Uint8Array(32), outputs: 0, amount: 0n };
  const draft: GenesisContent = {
    real: network === 'real' ? 1 : 0,
    name: utf8(name),
    time,
    parameters: { ...DEFAULT_PARAMETERS, ...parameters, network: networkOf(name, time) },
    consensus: { ...DEFAULT_CONSENSUS, ...consensus },
    validators: [],
    faucet: plan.faucet ?? (network === 'test' ? defaultFaucet(name) : nothing),
  };
  const validators = founders.map(({ key, owner, payout, commission = 1_000, tokens = 0n }) => ({
    key,
    owner,
    payout: payout ?? faucetAddress(draft, curve),
    commission,
    tokens,
  }));
  validators.sort((a, b) => Buffer.compare(a.key, b.key));
  return checkGenesis(withChainId({ ...draft, validators }), curve);
}
