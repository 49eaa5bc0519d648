/** Identifies file formats by their first bytes. */
import { BitorchError } from '#base';
import { readSafetensors } from './safetensors.ts';
import { isTarHeader } from './tar.ts';
import type { RandomAccess } from './tensor.ts';

/** Number of bytes from the start of a file that identify() needs. */
export const HEAD_BYTES = 4096;

const SIGNATURES: readonly (readonly [kind: string, offset: number, bytes: string])[] = [
  ['png', 0, '\x89PNG\r\n\x1a\n'],
  ['jpeg', 0, '\xff\xd8\xff'],
  ['gif', 0, 'GIF87a'],
  ['gif', 0, 'GIF89a'],
  ['webp', 8, 'WEBP'],
  ['gguf', 0, 'GGUF'],
  ['ggml', 0, 'lmgg'],
  ['ggml', 0, 'tjgg'],
  ['ggml', 0, 'fmgg'],
  ['numpy', 0, '\x93NUMPY'],
  ['hdf5', 0, '\x89HDF\r\n\x1a\n'],
  ['tflite', 4, 'TFL3'],
  ['ort', 4, 'ORTM'],
  ['llamafile', 0, "MZqFpD='"],
  ['llamafile', 0, "jartsr='"],
  ['executable', 0, '\x7fELF'],
  ['executable', 0, '\xfe\xed\xfa\xce'],
  ['executable', 0, '\xfe\xed\xfa\xcf'],
  ['executable', 0, '\xce\xfa\xed\xfe'],
  ['executable', 0, '\xcf\xfa\xed\xfe'],
  ['executable', 0, '\xca\xfe\xba\xbe'],
  ['executable', 0, '\xca\xfe\xba\xbf'],
  ['executable', 0, '\0asm'],
  ['executable', 0, 'dex\n'],
  ['executable', 0, 'BC\xc0\xde'],
  ['script', 0, '#!'],
  ['script', 0, '\xef\xbb\xbf#!'],
  ['script', 0, '<?php'],
  ['zip', 0, 'PK\x03\x04'],
  ['zip', 0, 'PK\x05\x06'],
  ['zip', 0, 'PK\x07\x08'],
  ['gzip', 0, '\x1f\x8b'],
  ['bzip2', 0, 'BZh'],
  ['xz', 0, '\xfd7zXZ\0'],
  ['lzma', 0, '\x5d\0\0'],
  ['zstd', 0, '\x28\xb5\x2f\xfd'],
  ['lz4', 0, '\x04\x22\x4d\x18'],
  ['lz4', 0, '\x02\x21\x4c\x18'],
  ['lzip', 0, 'LZIP'],
  ['lzop', 0, '\x89LZO\0\r\n\x1a\n'],
  ['snappy', 0, '\xff\x06\0\0sNaPpY'],
  ['lzfse', 0, 'bvx'],
  ['joblib', 0, 'ZF0x'],
  ['compress', 0, '\x1f\x9d'],
  ['compress', 0, '\x1f\xa0'],
  ['7z', 0, '7z\xbc\xaf\x27\x1c'],
  ['rar', 0, 'Rar!\x1a\x07'],
  ['cab', 0, 'MSCF'],
  ['ar', 0, '!<arch>\n'],
  ['cpio', 0, '070701'],
  ['cpio', 0, '070702'],
  ['cpio', 0, '070707'],
  ['ace', 7, '**ACE**'],
  ['lha', 2, '-lh5-'],
  ['lha', 2, '-lh6-'],
  ['lha', 2, '-lh7-'],
  ['xar', 0, 'xar!'],
  ['rpm', 0, '\xed\xab\xee\xdb'],
  ['wim', 0, 'MSWIM\0\0\0'],
  ['squashfs', 0, 'hsqs'],
  ['pdf', 0, '%PDF-'],
  ['sqlite', 0, 'SQLite format 3\0'],
  ['ole', 0, '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'],
  ['parquet', 0, 'PAR1'],
  ['arrow', 0, 'ARROW1'],
  ['torch7', 0, '\x04\0\0\0\x01\0\0\0'],
];

/**
 * The kind of a file by its signature; undefined when there is none. Text, JSON, protobuf messages and old pickles have no
 * signature. `size` is the length of the file in bytes.
 */
export function identify(head: Uint8Array, size: number): string | undefined {
  const text = Buffer.from(head.subarray(0, 16)).toString('latin1');
  const found = SIGNATURES.find(([, offset, bytes]) => text.startsWith(bytes, offset));
  if (found && !(SPELLED.has(found[0]) && isText(head))) return found[0];
  if (text.startsWith('MZ') && isPortableExecutable(head)) return 'executable';
  if (head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5) return 'pickle';
  if (isZlib(head) && !isText(head)) return 'zlib';
  if (isTarHeader(head)) return 'tar';
  if (isSkippableFrame(head)) return 'zstd';
  return looksLikeSafetensors(head, size) ? 'safetensors' : undefined;
}

/**
 * The kind of a file by its content. A safetensors file starts with the length of its header, which can look like the signature
 * of another format, so a file that parses as safetensors is identified as such first.
 */
export async function identifySource(source: RandomAccess): Promise<string | undefined> {
  const head = await source.read(0, Math.min(HEAD_BYTES, source.size));
  const kind = identify(head, source.size);
  if (kind === undefined || kind === 'safetensors' || !looksLikeSafetensors(head, source.size)) return kind;
  return (await isSafetensors(source)) ? 'safetensors' : kind;
}

async function isSafetensors(source: RandomAccess): Promise<boolean> {
  try {
    await readSafetensors(source, 'the file');
    return true;
  } catch (error) {
    if (error instanceof BitorchError && /^(FORMAT|SCHEMA)_/.test(error.code)) return false;
    throw error;
  }
}

/** Kinds whose signature consists of letters, with which a text may begin as well. */
const SPELLED = new Set(
  'ggml lzfse bzip2 cpio parquet arrow cab torch7 lzip joblib ace lha xar squashfs'.split(' '),
);
const isText = (head: Uint8Array): boolean => head.every((byte) => byte >= 9);

function isPortableExecutable(head: Uint8Array): boolean {
  if (head.length < 64) return true;
  const at = new DataView(head.buffer, head.byteOffset).getUint32(60, true);
  const signature = head[at] === 0x50 && head[at + 1] === 0x45;
  return signature || at + 2 > head.length || head.subarray(2, 64).some((byte) => byte < 9);
}

/** RFC 1950 header as written by Python's zlib and joblib: method 8, 32 KiB window, a checksum that is a multiple of 31. */
function isZlib(head: Uint8Array): boolean {
  const [first = 0, second = 0] = head;
  return first === 0x78 && (first * 256 + second) % 31 === 0 && (second & 0x20) === 0 && second !== 0x20;
}

/** Whether the data starts with a skippable frame, which readers of zstd and LZ4 skip (RFC 8878 §3.1.2). */
export const isSkippableFrame = (head: Uint8Array): boolean =>
  head[0]! >> 4 === 5 && head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18;

function looksLikeSafetensors(head: Uint8Array, size: number): boolean {
  if (head.length < 10 || head[8] !== 0x7b) return false;
  const length = new DataView(head.buffer, head.byteOffset).getBigUint64(0, true);
  return length >= 2n && length <= BigInt(size - 8);
}
