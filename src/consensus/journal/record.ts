import { type ByteReader, blob, byteOf, type Codec, decode, encode } from '#ledger';
import { MAX_BLOCK_BYTES } from '../constants.ts';
import { type Input, inputCodec } from '../engine/index.ts';

/** A journalled input of the engine; `block` is the block of the proposal that follows. */
export type JournalRecord =
  | { readonly type: 'block'; readonly value: Uint8Array }
  | { readonly type: 'input'; readonly value: Input };

const BLOCK = 1;
const INPUT = 2;
const kind = byteOf(BLOCK, INPUT);
const blockCodec = blob(MAX_BLOCK_BYTES);

const recordCodec: Codec<JournalRecord> = {
  write(out, record) {
    kind.write(out, record.type === 'block' ? BLOCK : INPUT);
    if (record.type === 'block') blockCodec.write(out, record.value);
    else inputCodec.write(out, record.value);
  },
  read(input: ByteReader) {
    if (kind.read(input) === BLOCK) return { type: 'block', value: blockCodec.read(input) };
    return { type: 'input', value: inputCodec.read(input) };
  },
};

export const encodeRecord = (record: JournalRecord): Uint8Array => encode(recordCodec, record);

/** Throws CODEC_INVALID when the bytes are malformed. */
export const decodeRecord = (bytes: Uint8Array): JournalRecord => decode(recordCodec, bytes);
