export { areBitsFor, bits, bitsOf, hasBit } from './bits.ts';
export { ByteReader, ByteWriter, codecError } from './bytes.ts';
export {
  amount,
  blob,
  byteOf,
  type Codec,
  type Decoded,
  decode,
  encode,
  fixed,
  integer,
  list,
  stored,
  struct,
  tagged,
} from './codec.ts';
