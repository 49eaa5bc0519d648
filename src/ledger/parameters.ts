import { amount, type Decoded, fixed, integer, struct } from './codec/index.ts';
import { CHAIN_ID_BYTES, NETWORK_BYTES, TORCH, WHOLE } from './constants.ts';

const blocks = integer(1, 2 ** 32);
const fraction = integer(0, WHOLE);

/** All of the parameters that a genesis says. */
const fields = {
  /** In addresses, so that money is not sent to another network's. */
  network: fixed(NETWORK_BYTES),

  /** Blocks before a transfer's output, and one made by the protocol, can stand in a ring. */
  maturity: blocks,
  mintMaturity: blocks,
  /** A transaction expires at most this many blocks ahead. */
  expiryWindow: blocks,
  maxBlockWeight: integer(1, 2 ** 32),
  /** Sparks a unit of weight: where the base fee starts and what it never goes below. */
  startFee: amount,
  leastFee: amount,

  epochBlocks: blocks,
  /** Emission of an epoch: (supplyCap − minted) / 2^emissionShift, at least `tailEmission`. */
  supplyCap: amount,
  emissionShift: integer(1, 63),
  tailEmission: amount,
  /** The pools' parts of an emission; what they leave of the whole is not minted. */
  validatorPart: fraction,
  workPart: fraction,
  seedingPart: fraction,
  securityPart: fraction,
  treasuryPart: fraction,

  leastBond: amount,
  leastDelegation: amount,
  unbondingBlocks: blocks,
  slashLeast: fraction,
  /** A validator that missed so many blocks more than it signed is jailed, for `jailBlocks`, and loses `downtimeSlash`. */
  downtimeBlocks: blocks,
  downtimeSlash: fraction,
  jailBlocks: blocks,

  leastServiceBond: amount,
  /** Of what is settled, burned. */
  settlementBurn: fraction,
  /** A node's work reward is at most this part of what its settlements burned: farming never pays. */
  workRewardLimit: fraction,
  /** Of a node's earnings, held back for `holdbackEpochs`. */
  holdback: fraction,
  holdbackEpochs: integer(0, 64),
  /** Blocks after an escrow's deadline in which receipts can still be settled. */
  settlementWindow: blocks,
  /** Blocks after which a silent node's cap can be lowered without it. */
  silenceWindow: blocks,
  leastEscrow: amount,
  escrowDeposit: fraction,
  maxEscrowBlocks: blocks,
} as const;

export const genesisParametersCodec = struct(fields);

/** What one network may set differently from another. Part of the state, so part of the app hash. */
export const parametersCodec = struct({
  /** Hash of the genesis: binds every signature to this chain. */
  chainId: fixed(CHAIN_ID_BYTES),
  ...fields,
});

export type Parameters = Decoded<typeof parametersCodec>;

const DAY = 43_200;

/** For blocks of two seconds; every network starts from these; its ids follow from its genesis. */
export const DEFAULT_PARAMETERS: Parameters = {
  chainId: new Uint8Array(CHAIN_ID_BYTES),
  network: new Uint8Array(NETWORK_BYTES),
  maturity: 10,
  mintMaturity: 60,
  expiryWindow: 1_800,
  maxBlockWeight: 262_144,
  startFee: 100n,
  leastFee: 10n,
  epochBlocks: DAY,
  supplyCap: 1_000_000_000n * TORCH,
  emissionShift: 11,
  tailEmission: 20_000n * TORCH,
  validatorPart: 4_000,
  workPart: 3_000,
  seedingPart: 1_500,
  securityPart: 1_000,
  treasuryPart: 500,
  leastBond: 1_000n * TORCH,
  leastDelegation: TORCH,
  unbondingBlocks: 21 * DAY,
  slashLeast: 500,
  downtimeBlocks: DAY / 2,
  downtimeSlash: 1,
  jailBlocks: 300,
  leastServiceBond: 100n * TORCH,
  settlementBurn: 200,
  workRewardLimit: 9_000,
  holdback: 1_000,
  holdbackEpochs: 7,
  settlementWindow: DAY,
  silenceWindow: 300,
  leastEscrow: TORCH / 100n,
  escrowDeposit: 1_000,
  maxEscrowBlocks: 30 * DAY,
};
