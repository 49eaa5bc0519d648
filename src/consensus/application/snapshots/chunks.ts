import { domainHash, sha256 } from '#base';
import { ACCOUNTS, blob, decode, encode, fixed, list, stateRecords, struct } from '#ledger';
import type { Entry, ReadView } from '#store';
import type { StateSnapshot } from '../application.ts';
import { CHAIN_RECORD_KEY } from '../chain-record.ts';

export const SNAPSHOT_FORMAT = 1;
/** Size in bytes at which a chunk ends; the record that reaches it is the last. */
const CHUNK_BYTES = 2 ** 20;
const MAX_RECORD_BYTES = 2 ** 18;
export const MAX_CHUNK_BYTES = CHUNK_BYTES + MAX_RECORD_BYTES + 256;
const MAX_CHUNKS = 65_536;

const recordsCodec = list(struct({ key: blob(128), value: blob(MAX_RECORD_BYTES) }), CHUNK_BYTES, 1);
const hashesCodec = list(fixed(32), MAX_CHUNKS, 1);

/** The state in chunks: its records in key order. */
export function* chunksOf(view: ReadView): Iterable<Uint8Array> {
  let records: Entry[] = [];
  let bytes = 0;
  for (const record of recordsOf(view)) {
    records.push(record);
    bytes += record.key.length + record.value.length + 4;
    if (bytes < CHUNK_BYTES) continue;
    yield encodeRecords(records);
    [records, bytes] = [[], 0];
  }
  if (records.length > 0) yield encodeRecords(records);
}

function* recordsOf(view: ReadView): Iterable<Entry> {
  let chain: Entry[] = [{ key: CHAIN_RECORD_KEY, value: view.get(CHAIN_RECORD_KEY)! }];
  for (const record of stateRecords(view)) {
    if (record.key[0]! >= ACCOUNTS) {
      yield* chain;
      chain = [];
    }
    yield record;
  }
}

export const encodeRecords = (records: readonly Entry[]): Uint8Array => encode(recordsCodec, records);

/** Throws CODEC_INVALID when the chunk is malformed. */
export const recordsIn = (chunk: Uint8Array): readonly Entry[] =>
  decode(recordsCodec, chunk, MAX_CHUNK_BYTES);

export function describeSnapshot(height: number, chunkHashes: readonly Uint8Array[]): StateSnapshot {
  const metadata = encode(hashesCodec, chunkHashes);
  const hash = domainHash('snapshot', metadata);
  return { height, format: SNAPSHOT_FORMAT, chunks: chunkHashes.length, hash, metadata };
}

/** Throws CODEC_INVALID when the metadata is malformed. */
export const chunkHashesOf = ({ metadata }: StateSnapshot): readonly Uint8Array[] =>
  decode(hashesCodec, metadata, 32 * MAX_CHUNKS + 16);

export const chunkHash = (chunk: Uint8Array): Uint8Array => sha256(chunk);
