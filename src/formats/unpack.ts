/** Unpacking within bounds: what a container holds, as a source of its own. */
import { constants, crc32, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import { isSkippableFrame } from './magic.ts';
import type { RandomAccess } from './tensor.ts';
import type { ZipMember } from './zip.ts';

/** Most bytes that are unpacked in memory; of what is larger the beginning is looked at. */
export const MAX_UNPACKED = 4 << 20;
/** Bytes of a member that are looked at, whatever its header says of its size. */
const MIN_UNPACKED = 1 << 16;
/** Window of zstd, as a power of two: what its strongest ordinary level uses. */
const ZSTD_WINDOW = 23;
const CHUNK = 1 << 20;

/** A part of a source. */
export function slice(source: RandomAccess, start: number, length: number): RandomAccess {
  return {
    size: length,
    read: (offset, bytes) => {
      if (offset < 0 || offset + bytes > length) return Promise.reject(new RangeError('read past a slice'));
      return source.read(start + offset, bytes);
    },
  };
}

/** Bytes in memory as a source. */
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

/** The same bytes, small readings answered out of the last page: for walks over many small things in a file. */
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
  /** Whether this is all of it, and unpacked without an error. */
  whole: boolean;
  /** How many packed bytes it came out of. */
  packedBytes: number;
}

type Inflate = typeof inflateRawSync;
const INFLATERS: Readonly<Record<'deflate' | 'zlib' | 'gzip', Inflate>> = {
  deflate: inflateRawSync,
  zlib: inflateSync,
  gzip: gunzipSync,
};

/** Unpacks at most `limit` bytes; what comes before damage or the limit is kept. */
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

/** Frames that every reader of zstd skips (RFC 8878 §3.1.2), and at which Node's ends. */
function behindSkippable(packed: Uint8Array): Uint8Array {
  let rest = packed;
  while (rest.length >= 8 && isSkippableFrame(rest)) {
    const length = new DataView(rest.buffer, rest.byteOffset).getUint32(4, true);
    rest = rest.subarray(Math.min(rest.length, 8 + length));
  }
  return rest;
}

/** As much as can be unpacked before damage, or the limit, stops it: halves the input until it is no more than fits. */
function beginning(packed: Uint8Array, how: 'deflate' | 'zlib' | 'gzip', limit: number): Unpacked {
  // Z_SYNC_FLUSH: the end of the input is no error, so a cut input gives what it holds.
  const options = { finishFlush: 2, maxOutputLength: limit };
  for (let length = packed.length; length > 0; length = Math.floor(length / 2)) {
    try {
      const bytes = INFLATERS[how](packed.subarray(0, length), options);
      return { source: inBuffer(bytes), whole: false, packedBytes: length };
    } catch {
      // Damaged or too large: try a shorter beginning.
    }
  }
  return { source: inBuffer(new Uint8Array()), whole: false, packedBytes: 0 };
}

/** The content of an archive's member, undefined when its method is unknown or it is encrypted. */
export async function unpackMember(archive: RandomAccess, member: ZipMember): Promise<Unpacked | undefined> {
  if (member.encrypted) return undefined;
  const packed = slice(archive, member.offset, Math.min(member.packedBytes, archive.size - member.offset));
  if (member.method === 0) {
    return { source: packed, whole: packed.size === member.bytes, packedBytes: packed.size };
  }
  if (member.method !== 8) return undefined;
  // A header that says less than there is may not make more work than it says.
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
