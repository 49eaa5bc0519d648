/** Bounded decompression: the contents of containers as random-access sources. */
import { constants, crc32, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import { isSkippableFrame } from './magic.ts';
import type { RandomAccess } from './tensor.ts';
import type { ZipMember } from './zip.ts';

/** Maximum bytes unpacked in memory; of larger contents, only the beginning is unpacked. */
export const MAX_UNPACKED = 4 << 20;
/** Bytes of a member that are unpacked even if its header states a smaller size. */
const MIN_UNPACKED = 1 << 16;
/** zstd window as a power of two: the largest that ordinary compression levels use. */
const ZSTD_WINDOW = 23;
const CHUNK = 1 << 20;

/** Bytes [start, start + length) of a source. */
export function slice(source: RandomAccess, start: number, length: number): RandomAccess {
  return {
    size: length,
    read: (offset, bytes) => {
      if (offset < 0 || offset + bytes > length) return Promise.reject(new RangeError('read past a slice'));
      return source.read(start + offset, bytes);
    },
  };
}

/** Random access to bytes in memory. */
export const inBuffer = (bytes: Uint8Array): RandomAccess => ({
  size: bytes.length,
  read: (offset, length) => {
    if (offset < 0 || offset + length > bytes.length)
      return Promise.reject(new RangeError('read past a buffer'));
    return Promise.resolve(bytes.slice(offset, offset + length));
  },
  readInto: (target, offset) => {
    if (offset < 0 || offset + target.length > bytes.length)
      return Promise.reject(new RangeError('read past a buffer'));
    target.set(bytes.subarray(offset, offset + target.length));
    return Promise.resolve();
  },
});

const PAGE = 1 << 16;

/** The same source with its last page cached, for parsers that make many small reads. */
export function inPages(source: RandomAccess): RandomAccess {
  const buffer = new Uint8Array(Math.min(PAGE, source.size));
  let start = 0;
  let page = buffer.subarray(0, 0);
  return {
    size: source.size,
    async read(offset, length) {
      if (offset < start || offset + length > start + page.length) {
        if (length > PAGE / 4 || !source.readInto) return source.read(offset, length);
        page = buffer.subarray(0, Math.min(PAGE, source.size - offset));
        await source.readInto(page, offset);
        start = offset;
      }
      return page.slice(offset - start, offset - start + length);
    },
  };
}

export interface Unpacked {
  source: RandomAccess;
  /** Whether all of the contents were unpacked without an error. */
  whole: boolean;
  /** Number of packed bytes consumed. */
  packedBytes: number;
}

type Inflate = typeof inflateRawSync;
const INFLATERS: Readonly<Record<'deflate' | 'zlib' | 'gzip', Inflate>> = {
  deflate: inflateRawSync,
  zlib: inflateSync,
  gzip: gunzipSync,
};

/** Unpacks at most `limit` bytes. Data before the first error or the limit is kept. */
export async function unpack(
  source: RandomAccess,
  how: 'deflate' | 'zlib' | 'gzip' | 'zstd',
  limit: number = MAX_UNPACKED,
): Promise<Unpacked> {
  const packed = await source.read(0, Math.min(source.size, MAX_UNPACKED));
  const nothing = { source: inBuffer(new Uint8Array()), whole: false, packedBytes: 0 };
  const packedBytes = packed.length;
  try {
    if (how === 'zstd') {
      const bytes = zstdDecompressSync(behindSkippable(packed), {
        maxOutputLength: limit,
        params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW },
      });
      return { source: inBuffer(bytes), whole: packedBytes === source.size, packedBytes };
    }
    const bytes = INFLATERS[how](packed, { maxOutputLength: limit });
    return { source: inBuffer(bytes), whole: packedBytes === source.size, packedBytes };
  } catch {
    return how === 'zstd' ? nothing : beginning(packed, how, limit);
  }
}

/** Drops leading skippable frames (RFC 8878 §3.1.2), at which Node's decoder stops. */
function behindSkippable(packed: Uint8Array): Uint8Array {
  let rest = packed;
  while (rest.length >= 8 && isSkippableFrame(rest)) {
    const length = new DataView(rest.buffer, rest.byteOffset).getUint32(4, true);
    rest = rest.subarray(Math.min(rest.length, 8 + length));
  }
  return rest;
}

/** Unpacks the beginning of damaged or oversized data by halving the input until it can be unpacked within the limit. */
function beginning(packed: Uint8Array, how: 'deflate' | 'zlib' | 'gzip', limit: number): Unpacked {
  // Z_SYNC_FLUSH: the end of the input is not an error, so truncated input yields what it contains.
  const options = { finishFlush: 2, maxOutputLength: limit };
  for (let length = packed.length; length > 0; length = Math.floor(length / 2)) {
    try {
      const bytes = INFLATERS[how](packed.subarray(0, length), options);
      return { source: inBuffer(bytes), whole: false, packedBytes: length };
    } catch {
      // Damaged or too large: try a shorter input.
    }
  }
  return { source: inBuffer(new Uint8Array()), whole: false, packedBytes: 0 };
}

/** Contents of an archive member; undefined when it is encrypted or its compression method is unknown. */
export async function unpackMember(archive: RandomAccess, member: ZipMember): Promise<Unpacked | undefined> {
  if (member.encrypted) return undefined;
  const packed = slice(archive, member.offset, Math.min(member.packedBytes, archive.size - member.offset));
  if (member.method === 0) {
    return { source: packed, whole: packed.size === member.bytes, packedBytes: packed.size };
  }
  if (member.method !== 8) return undefined;
  // Do not unpack more than the size in the header, which may be understated, except for a small minimum.
  const limit = Math.min(MAX_UNPACKED, Math.max(member.bytes, MIN_UNPACKED));
  const unpacked = await unpack(packed, 'deflate', limit);
  return { ...unpacked, whole: unpacked.whole && unpacked.source.size === member.bytes };
}

/** CRC-32 of a source. */
export async function crcOf(source: RandomAccess): Promise<number> {
  let checksum = 0;
  for (let at = 0; at < source.size; at += CHUNK) {
    checksum = crc32(await source.read(at, Math.min(CHUNK, source.size - at)), checksum);
  }
  return checksum;
}
