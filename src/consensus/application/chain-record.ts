import { concat, domainHash, sha256 } from '#base';
import { blob, type Decoded, encode, fixed, integer, list, parametersOf, stored, struct } from '#ledger';
import { Bucket, type Change, Overlay, orderedNumber, type ReadView } from '#store';
import type { ValidatorPower } from './application.ts';
import { beaconCodec, firstBeacon, nextBeacon } from './beacon.ts';
import { consensusCodec, type Genesis, genesisHash } from './genesis.ts';
import { powerOf } from './power.ts';

const TAG = 64;
/** Key of the application's own record in the ledger's state. */
export const CHAIN_RECORD_KEY: Uint8Array = concat([Uint8Array.of(TAG), orderedNumber.encode(0)]);

const KEY = fixed(32);

const chainRecordCodec = struct({
  /** Hash of the genesis. */
  genesis: KEY,
  name: blob(48),
  /** Time of the last block, ms since epoch. */
  time: integer(),
  consensus: consensusCodec,
  founders: list(KEY, 1_000),
  beacon: beaconCodec,
  /** The set last reported to consensus, ordered by key; in force two blocks later. */
  powers: list(struct({ key: KEY, power: integer(1) }), 1_000),
});

/** What the application keeps of the chain beside the ledger; part of every app hash. */
export type ChainRecord = Decoded<typeof chainRecordCodec>;

const chainRecords = new Bucket(TAG, orderedNumber, stored(chainRecordCodec));

export const chainRecordOf = (view: ReadView): ChainRecord | undefined => chainRecords.get(view, 0);

/** The write that stores the record. */
export function recordChange(record: ChainRecord): Change {
  const view = new Overlay({ get: () => undefined, range: () => [] });
  chainRecords.put(view, 0, record);
  return view.changes()[0]!;
}

/** @param state the ledger's state after its genesis */
export function firstRecord(genesis: Genesis, state: ReadView): ChainRecord {
  const { name, time, consensus } = genesis;
  const hash = genesisHash(genesis);
  const founders = genesis.validators.map(({ key }) => key);
  const powers = powerOf(state, { founders, ...consensus });
  return { genesis: hash, name, time, consensus, founders, beacon: firstBeacon(hash), powers };
}

/** @param state the ledger's state after the block */
export function nextRecord(
  record: ChainRecord,
  block: { readonly height: number; readonly time: number },
  output: Uint8Array | undefined,
  state: ReadView,
): ChainRecord {
  const { founders, consensus } = record;
  const powers: readonly ValidatorPower[] = powerOf(state, { founders, ...consensus });
  const lengths = { periodBlocks: consensus.periodBlocks, epochBlocks: parametersOf(state).epochBlocks };
  return {
    ...record,
    time: block.time,
    beacon: nextBeacon(record.beacon, block.height, output, lengths),
    // A chain without validators would halt permanently, so the last ones continue.
    powers: powers.length > 0 ? powers : record.powers,
  };
}

export const recordHash = (record: ChainRecord): Uint8Array => sha256(encode(chainRecordCodec, record));

/** The app hash commits to the ledger's state and the record. */
export const applicationHash = (ledgerHash: Uint8Array, hashOfRecord: Uint8Array): Uint8Array =>
  domainHash('application-state', ledgerHash, hashOfRecord);
