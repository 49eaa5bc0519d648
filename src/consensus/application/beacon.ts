import { concat, domainHash } from '#base';
import { type Curve, proveVrf, type SigningKey, VRF_PROOF_BYTES, verifyVrf } from '#crypto';
import { type Decoded, fixed, integer, struct } from '#ledger';

/**
 * Public randomness: the proposer of each block evaluates a verifiable random function of the current seed under
 * its consensus key, and the output is hashed into the seed. See docs/protocol/beacon.md, also for the bias that
 * remains.
 */

/** First byte of the pseudo-transaction that carries the proof; no transaction begins with it. */
const BEACON = 0;
export const BEACON_BYTES = 1 + VRF_PROOF_BYTES;

/** A period or an epoch, and the seed when it began, which nobody knew before the previous block. */
const clockCodec = struct({ number: integer(), seed: fixed(32) });

export const beaconCodec = struct({ seed: fixed(32), period: clockCodec, epoch: clockCodec });
export type BeaconState = Decoded<typeof beaconCodec>;
export type Clock = BeaconState['period'];

/** Blocks per period and per epoch: chain parameters. */
export interface ClockLengths {
  readonly periodBlocks: number;
  readonly epochBlocks: number;
}

export function firstBeacon(genesisHash: Uint8Array): BeaconState {
  const seed = domainHash('beacon-genesis', genesisHash);
  return { seed, period: { number: 0, seed }, epoch: { number: 0, seed } };
}

/** The pseudo-transaction that a block proposed with this key begins with. */
export function proveBeacon({ seed }: BeaconState, key: SigningKey, curve: Curve): Uint8Array {
  return concat([Uint8Array.of(BEACON), proveVrf(key, seed, curve).proof]);
}

/** The output of the proposer's function; undefined when these bytes do not prove one. */
export function verifyBeacon(
  { seed }: BeaconState,
  transaction: Uint8Array | undefined,
  proposer: Uint8Array,
  curve: Curve,
): Uint8Array | undefined {
  if (transaction?.length !== BEACON_BYTES || transaction[0] !== BEACON) return undefined;
  return verifyVrf(proposer, seed, transaction.subarray(1), curve);
}

/** The beacon after a block with this output; undefined for a block without one. */
export function nextBeacon(
  { seed, period, epoch }: BeaconState,
  height: number,
  output: Uint8Array | undefined,
  { periodBlocks, epochBlocks }: ClockLengths,
): BeaconState {
  return {
    seed: domainHash('beacon', seed, output ?? new Uint8Array(0)),
    period: tick(period, Math.floor(height / periodBlocks), seed),
    epoch: tick(epoch, Math.floor(height / epochBlocks), seed),
  };
}

const tick = (clock: Clock, number: number, seed: Uint8Array): Clock =>
  number === clock.number ? clock : { number, seed };
