import { BitorchError, domainHash, equalBytes, fromUtf8, toHex, utf8 } from '#base';
import { type Address, addressAt, type Curve, isPrimeOrderPoint, isValidAddress, PRIMARY } from '#crypto';
import {
  accountOf,
  addressCodec,
  amount,
  blob,
  byteOf,
  type Decoded,
  encode,
  fixed,
  genesisParametersCodec,
  integer,
  type Genesis as LedgerGenesis,
  list,
  MAX_TRANSACTION_BYTES,
  NETWORK_BYTES,
  type Parameters,
  struct,
  WHOLE,
} from '#ledger';
import { MAX_TRANSACTIONS_BYTES, MAX_VALIDATORS } from '../constants.ts';
import type { InitChainRequest } from './application.ts';

const milliseconds = integer(1, 600_000);

/** Timeouts of the steps, in ms; `…Step` is added in each further round. `commit` is the pause between blocks. */
const timeoutsCodec = struct({
  propose: milliseconds,
  proposeStep: milliseconds,
  prevote: milliseconds,
  prevoteStep: milliseconds,
  precommit: milliseconds,
  precommitStep: milliseconds,
  commit: milliseconds,
});
export type Timeouts = Decoded<typeof timeoutsCodec>;

/** Parameters of consensus itself. */
export const consensusCodec = struct({
  /** Size of the active set: the validators with the most power. */
  maxValidators: integer(1, MAX_VALIDATORS),
  /** Power lent to each validator of the genesis, in TORCH of bond: docs/economy.md. */
  genesisPower: integer(1, 2 ** 40),
  /**
   * Limit on the bytes of a block's transactions with their framing; every other bound on blocks follows from it. Any
   * transaction fits beside the beacon: one that fits into no block would wait at no cost.
   */
  maxBytes: integer(2 * MAX_TRANSACTION_BYTES, MAX_TRANSACTIONS_BYTES),
  periodBlocks: integer(1, 2 ** 32),
  timeouts: timeoutsCodec,
});
export type ConsensusParameters = Decoded<typeof consensusCodec>;

const validatorCodec = struct({
  /** Ed25519 consensus key, for votes and for the beacon. */
  key: fixed(32),
  /** Ed25519 key that controls the bond. */
  owner: fixed(32),
  payout: addressCodec,
  commission: integer(0, WHOLE),
  /** Sparks; test networks only. */
  tokens: amount,
});

/** Everything that the nodes of a network must agree on before its first block. */
const genesisCodec = struct({
  /** 0: a test network, whose coins are worthless; 1: a real network, whose genesis mints nothing. */
  real: byteOf(0, 1),
  name: blob(48),
  /** ms since epoch. */
  time: integer(1),
  parameters: genesisParametersCodec,
  consensus: consensusCodec,
  validators: list(validatorCodec, MAX_VALIDATORS),
  /**
   * Equal outputs of `amount` sparks each that anybody can spend: the spend secret follows from the public
   * `entropy`.
   */
  faucet: struct({ entropy: fixed(32), outputs: integer(0, 65_536), amount }),
});

/** The content of a genesis file. */
export type GenesisContent = Decoded<typeof genesisCodec>;

/** A genesis with the chain id that follows from it. */
export type Genesis = GenesisContent & { readonly parameters: Parameters };

/** Allowed network names; they satisfy CometBFT's rules too. */
export const NETWORK_NAME = /^[a-z0-9][a-z0-9-]{2,47}$/;

/** Identifies a genesis: nodes with different hashes are on different networks. It is the chain id. */
export const genesisHash = (genesis: GenesisContent): Uint8Array =>
  domainHash('genesis', encode(genesisCodec, genesis));

/**
 * The 4 bytes in a network's addresses. Founders have addresses before the genesis exists, so these cannot follow
 * from its hash.
 */
export function networkOf(name: string, time: number): Uint8Array {
  return domainHash('network', utf8(name), encode(integer(), time)).slice(0, NETWORK_BYTES);
}

/** Adds the chain id: the last step of making a genesis. */
export const withChainId = (genesis: GenesisContent): Genesis => ({
  ...genesis,
  parameters: { ...genesis.parameters, chainId: genesisHash(genesis) },
});

/** The address that a test network's faucet pays from: a wallet whose seed words are public. */
export function faucetAddress({ faucet }: GenesisContent, curve: Curve): Address {
  return addressAt(accountOf(faucet.entropy, curve), PRIMARY, curve);
}

/** The genesis in the ledger's terms. */
export function ledgerGenesis(genesis: Genesis, curve: Curve): LedgerGenesis {
  const to = genesis.faucet.outputs > 0 ? faucetAddress(genesis, curve) : undefined;
  return {
    parameters: genesis.parameters,
    validators: genesis.validators.map(({ key, ...rest }) => ({ validator: key, ...rest })),
    grants: to
      ? Array.from({ length: genesis.faucet.outputs }, () => ({ to, amount: genesis.faucet.amount }))
      : [],
  };
}

/** Throws GENESIS_INVALID when the genesis breaks a rule. */
export function checkGenesis(genesis: Genesis, curve: Curve): Genesis {
  const { name, time, parameters, consensus, validators, faucet } = genesis;
  const text = new TextDecoder().decode(name);
  ensure(NETWORK_NAME.test(text), 'the name is not 3 to 48 characters of a-z, 0-9 and -');
  ensure(
    equalBytes(parameters.network, networkOf(text, time)),
    'the network id does not match name and time',
  );
  ensure(equalBytes(parameters.chainId, genesisHash(genesis)), 'the chain id is not the hash of the genesis');
  ensure(validators.length > 0, 'there are no validators');
  ensure(validators.length <= consensus.maxValidators, 'there are more validators than maxValidators');
  for (const [i, { key, owner, payout }] of validators.entries()) {
    const before = validators[i - 1];
    ensure(!before || Buffer.compare(before.key, key) < 0, 'the validators are not ordered by key');
    for (const point of [key, owner])
      ensure(isPrimeOrderPoint(point, curve), `${toHex(point)} is not a public key`);
    ensure(isValidAddress(payout, curve), `the payout address of ${toHex(key)} is invalid`);
  }
  const { validatorPart, workPart, seedingPart, securityPart, treasuryPart } = parameters;
  const parts = validatorPart + workPart + seedingPart + securityPart + treasuryPart;
  ensure(parts <= WHOLE, 'the pools exceed the whole emission');
  ensure(
    parameters.startFee >= parameters.leastFee && parameters.leastFee > 0n,
    'the first base fee is below the minimum',
  );
  ensure(parameters.mintMaturity >= parameters.maturity, 'minted outputs mature before transferred ones');
  const bonded = validators.reduce((sum, { tokens }) => sum + tokens, 0n);
  const minted = bonded + BigInt(faucet.outputs) * faucet.amount;
  ensure(minted <= parameters.supplyCap, 'the genesis mints more than the supply cap');
  ensure(
    genesis.real === 0 || minted === 0n,
    'a real network starts without coins: no faucet, no bonded tokens',
  );
  const { unbondingBlocks, settlementWindow, expiryWindow } = parameters;
  ensure(
    genesis.real === 0 || Math.min(unbondingBlocks, settlementWindow) >= expiryWindow,
    'a record may be removed before signatures for it expire',
  );
  return genesis;
}

function ensure(rule: boolean, why: string): asserts rule {
  if (!rule) throw new BitorchError('GENESIS_INVALID', `not a genesis: ${why}`);
}

/**
 * Throws GENESIS_INVALID when the engine starts with another network, time or height than the genesis specifies.
 */
export function requireAgreement(
  { chainId, time, initialHeight }: InitChainRequest,
  genesis: GenesisContent,
): void {
  const refuse = (why: string): never => {
    throw new BitorchError('GENESIS_INVALID', `consensus and the genesis disagree: ${why}`);
  };
  const name = fromUtf8(genesis.name);
  if (chainId !== name) refuse(`the engine's chain is ${chainId}, that of the genesis ${name}`);
  if (time !== genesis.time) refuse(`the engine starts at ${time}, the genesis at ${genesis.time}`);
  if (initialHeight !== 1)
    refuse(`the engine's first height is ${initialHeight}, that of the genesis is always 1`);
}
