import { amount, type Decoded, fixed, integer, struct } from './codec/index.ts';
import { CHAIN_ID_BYTES, NETWORK_BYTES, TORCH, WHOLE } from './constants.ts';

const blocks = integer(1, 2 ** 32);
const fraction = integer(0, WHOLE);

/** The parameters that a genesis sets. */
const fields = {
  /** Part of addresses, so that money is not sent to another network's address. */
  network: fixed(NETWORK_BYTES),

  /** Blocks before an output of a transfer, or a minted output, can be in a ring. */
  maturity: blocks,
  mintMaturity: blocks,
  /** A transaction expires at most this many blocks ahead. */
  expiryWindow: blocks,
  maxBlockWeight: integer(1, 2 ** 32),
  /** Initial and minimum base fee, in sparks per unit of weight. */
  startFee: amount,
  leastFee: amount,

  epochBlocks: blocks,
  /** Emission of an epoch in sparks: (supplyCap − minted) / 2^emissionShift, at least `tailEmission`. */
  supplyCap: amount,
  emissionShift: integer(1, 63),
  tailEmission: amount,
  /** Shares of the emission; a rest that they leave is not minted. */
  validatorPart: fraction,
  workPart: fraction,
  seedingPart: fraction,
  securityPart: fraction,
  treasuryPart: fraction,

  leastBond: amount,
  leastDelegation: amount,
  unbondingBlocks: blocks,
  slashLeast: fraction,
  /** At this many missed blocks, net of signed ones, a validator is jailed for `jailBlocks` and loses `downtimeSlash`. */
  downtimeBlocks: blocks,
  downtimeSlash: fraction,
  jailBlocks: blocks,

  leastServiceBond: amount,
  /** Burned fraction of settled amounts. */
  settlementBurn: fraction,
  /** A node's work reward is at most this fraction of what its settlements burned, so settling with oneself never pays. */
  workRewardLimit: fraction,
  /** Fraction of a node's earnings held back for `holdbackEpochs`. */
  holdback: fraction,
  holdbackEpochs: integer(0, 64),
  /** Blocks after an escrow's deadline in which receipts can still be settled. */
  settlementWindow: blocks,
  /** Blocks after which a cap lowered without the node's consent takes effect. */
  silenceWindow: blocks,
  leastEscrow: amount,
  escrowDeposit: fraction,
  maxEscrowBlocks: blocks,
} as const;

export const genesisParametersCodec = struct(fields);

/** Parameters of one network. Part of the state, so covered by the app hash. */
export const parametersCodec = struct({
  /** Hash of the genesis: binds every signature to this chain. */
  chainId: fixed(CHAIN_ID_BYTES),
  ...fields,
});

export type Parameters = Decoded<typeof parametersCodec>;

/** Blocks per day. */
const DAY = 43_200;

/** Defaults, for blocks of two seconds. Both ids follow from the genesis. */
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
