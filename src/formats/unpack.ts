/** Unpacking within bounds: what a container holds, as a source of its own. */
import { crc32, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import { isSkippableFrame } from './magic.ts';
import type { RandomAccess } from './tensor.ts';
import type { ZipMember } from './zip.ts';

/** Most bytes that are unpacked in memory; of what is larger the beginning is looked at. */
export const MAX_UNPACKED = 16 << 20;
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
});

export interface Unpacked {
  source: RandomAccess;
  /** Whether this is all of it, and unpacked without an error. */
  whole: boolean;
}

type Inflate = typeof inflateRawSync;
const INFLATERS: Readonly<Record<'deflate' | 'zlib' | 'gzip', Inflate>> = {
  deflate: inflateRawSync,
  zlib: inflateSync,
  gzip: gunzipSync,
};

/** Unpacks at most MAX_UNPACKED bytes; what comes before damage or the limit is kept. */
export async function unpack(
  source: RandomAccess,
  how: 'deflate' | 'zlib' | 'gzip' | 'zstd',
): Promise<Unpacked> {
  const packed = await source.read(0, Math.min(source.size, MAX_UNPACKED));
  const nothing = { source: inBuffer(new Uint8Array()), whole: false };
  try {
    if (how === 'zstd') {
      const bytes = zstdDecompressSync(behindSkippable(packed), { maxOutputLength: MAX_UNPACKED });
      return { source: inBuffer(bytes), whole: packed.length === source.size };
    }
    const bytes = INFLATERS[how](packed, { maxOutputLength: MAX_UNPACKED });
    return { source: inBuffer(bytes), whole: packed.length === source.size };
  } catch {
    return how === 'zstd' ? nothing : { source: inBuffer(beginning(packed, how)), whole: false };
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
function beginning(packed: Uint8Array, how: 'deflate' | 'zlib' | 'gzip'): Uint8Array {
  // Z_SYNC_FLUSH: the end of the input is no error, so a cut input gives what it holds.
  const options = { finishFlush: 2, maxOutputLength: MAX_UNPACKED };
  for (let length = packed.length; length > 0; length = Math.floor(length / 2)) {
    try {
      return INFLATERS[how](packed.subarray(0, length), options);
    } catch {
      // Damaged or too large: try a shorter beginning.
    }
  }
  return new Uint8Array();
}

/** The content of an archive's member, undefined when its method is unknown or it is encrypted. */
export async function unpackMember(archive: RandomAccess, member: ZipMember): Promise<Unpacked | undefined> {
  if (member.encrypted) return undefined;
  const packed = slice(archive, member.offset, Math.min(member.packedBytes, archive.size - member.offset));
  if (member.method === 0) return { source: packed, whole: packed.size === member.bytes };
  if (member.method !== 8) return undefined;
  const unpacked = await unpack(packed, 'deflate');
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
