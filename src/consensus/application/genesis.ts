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
  NETWORK_BYTES,
  type Parameters,
  struct,
  WHOLE,
} from '#ledger';
import { MAX_TRANSACTIONS_BYTES, MAX_VALIDATORS } from '../constants.ts';
import type { InitChainRequest } from './application.ts';

const milliseconds = integer(1, 600_000);

/** How long a step waits, in ms: `…Step` more in each further round. `commit` is the pause between blocks. */
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

/** What consensus itself goes by. */
export const consensusCodec = struct({
  /** No more than these, those with the most power, take part. */
  maxValidators: integer(1, MAX_VALIDATORS),
  /** What each validator of the genesis begins with, in TORCH of bond that it does not have: docs/economy.md. */
  genesisPower: integer(1, 2 ** 40),
  /** Of a block's transactions together, with the framing of each: what every other bound on blocks follows from. */
  maxBytes: integer(65_536, MAX_TRANSACTIONS_BYTES),
  periodBlocks: integer(1, 2 ** 32),
  timeouts: timeoutsCodec,
});
export type ConsensusParameters = Decoded<typeof consensusCodec>;

const validatorCodec = struct({
  /** Ed25519, for votes and for the beacon. */
  key: fixed(32),
  /** Ed25519: signs what concerns the bond. */
  owner: fixed(32),
  payout: addressCodec,
  commission: integer(0, WHOLE),
  /** Sparks, on test networks only. */
  tokens: amount,
});

/** Everything that the nodes of a network have to have in common before its first block. */
const genesisCodec = struct({
  /** 0 a test network, whose money is worth nothing; 1 a real one: nothing is minted. */
  real: byteOf(0, 1),
  name: blob(48),
  /** ms since epoch. */
  time: integer(1),
  parameters: genesisParametersCodec,
  consensus: consensusCodec,
  validators: list(validatorCodec, MAX_VALIDATORS),
  /** Equal outputs, of `amount` sparks each, that everybody can spend: the spend secret comes from public `entropy`. */
  faucet: struct({ entropy: fixed(32), outputs: integer(0, 65_536), amount }),
});

/** As a file says it. */
export type GenesisContent = Decoded<typeof genesisCodec>;

/** With the chain id that follows from it. */
export type Genesis = GenesisContent & { readonly parameters: Parameters };

/** What a network may be called, CometBFT's rules included. */
export const NETWORK_NAME = /^[a-z0-9][a-z0-9-]{2,47}$/;

/** Names a network's beginning; two nodes with different ones are in different networks. It is the chain id. */
export const genesisHash = (genesis: GenesisContent): Uint8Array =>
  domainHash('genesis', encode(genesisCodec, genesis));

/** The 4 bytes in a network's addresses. Founders have addresses before there is a genesis, so they cannot follow from its hash. */
export function networkOf(name: string, time: number): Uint8Array {
  return domainHash('network', utf8(name), encode(integer(), time)).slice(0, NETWORK_BYTES);
}

/** Adds the chain id, so the last step in making a genesis. */
export const withChainId = (genesis: GenesisContent): Genesis => ({
  ...genesis,
  parameters: { ...genesis.parameters, chainId: genesisHash(genesis) },
});

/** Whom a test network's faucet pays from: the wallet with these words, which are public. */
export function faucetAddress({ faucet }: GenesisContent, curve: Curve): Address {
  return addressAt(accountOf(faucet.entropy, curve), PRIMARY, curve);
}

/** The same for the ledger. */
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

/** Throws GENESIS_INVALID for what no network can begin with. */
export function checkGenesis(genesis: Genesis, curve: Curve): Genesis {
  const { name, time, parameters, consensus, validators, faucet } = genesis;
  const text = new TextDecoder().decode(name);
  ensure(NETWORK_NAME.test(text), 'the name is not 3 to 48 of a-z, 0-9 and -');
  ensure(
    equalBytes(parameters.network, networkOf(text, time)),
    'the network id is not that of name and time',
  );
  ensure(equalBytes(parameters.chainId, genesisHash(genesis)), 'the chain id is not the hash of the genesis');
  ensure(validators.length > 0, 'there is no validator');
  ensure(validators.length <= consensus.maxValidators, 'there are more validators than may take part');
  for (const [i, { key, owner, payout }] of validators.entries()) {
    const before = validators[i - 1];
    ensure(
      !before || Buffer.compare(before.key, key) < 0,
      'the validators are not in the order of their keys',
    );
    for (const point of [key, owner])
      ensure(isPrimeOrderPoint(point, curve), `${toHex(point)} is not a public key`);
    ensure(isValidAddress(payout, curve), `the payout address of ${toHex(key)} is not one`);
  }
  const { validatorPart, workPart, seedingPart, securityPart, treasuryPart } = parameters;
  const parts = validatorPart + workPart + seedingPart + securityPart + treasuryPart;
  ensure(parts <= WHOLE, 'the pools are more than the whole emission');
  ensure(
    parameters.startFee >= parameters.leastFee && parameters.leastFee > 0n,
    'the first fee is below the least',
  );
  ensure(parameters.mintMaturity >= parameters.maturity, 'what is minted ripens before what is transferred');
  const bonded = validators.reduce((sum, { tokens }) => sum + tokens, 0n);
  const minted = bonded + BigInt(faucet.outputs) * faucet.amount;
  ensure(minted <= parameters.supplyCap, 'the genesis mints more than the cap of the supply');
  ensure(
    genesis.real === 0 || minted === 0n,
    'a real network begins with no money: no faucet, no bonded tokens',
  );
  const { unbondingBlocks, settlementWindow, expiryWindow } = parameters;
  ensure(
    genesis.real === 0 || Math.min(unbondingBlocks, settlementWindow) >= expiryWindow,
    'a record may go before what was signed for it expires',
  );
  return genesis;
}

function ensure(rule: boolean, why: string): asserts rule {
  if (!rule) throw new BitorchError('GENESIS_INVALID', `not a genesis: ${why}`);
}

/** Throws GENESIS_INVALID where the engine begins with another network, time or height than the genesis says. */
export function requireAgreement(
  { chainId, time, initialHeight }: InitChainRequest,
  genesis: GenesisContent,
): void {
  const refuse = (why: string): never => {
    throw new BitorchError('GENESIS_INVALID', `consensus and the genesis disagree: ${why}`);
  };
  const name = fromUtf8(genesis.name);
  if (chainId !== name) refuse(`the chain is called ${chainId} there and ${name} here`);
  if (time !== genesis.time) refuse(`it begins at ${time} there and at ${genesis.time} here`);
  if (initialHeight !== 1) refuse(`the first block is ${initialHeight} there; here it is always 1`);
}
