/** tar (POSIX ustar). Long names of GNU and pax appear as separate members. */
import type { RandomAccess } from './tensor.ts';

export interface TarMember {
  name: string;
  /** ustar type flag: "0" file, "1" and "2" links, "5" folder, … */
  type: string;
  linkName: string;
  offset: number;
  bytes: number;
}

const BLOCK = 512;
const MAX_MEMBERS = 1 << 16;

/** Whether 512 bytes are a tar header with a valid checksum. */
export function isTarHeader(block: Uint8Array): boolean {
  if (block.length < BLOCK || block[0] === 0) return false;
  const stated = /^[ 0]*([0-7]+)[ \0]/.exec(latin1(block.subarray(148, 156)));
  if (!stated) return false;
  const sum = block
    .subarray(0, BLOCK)
    .reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  return Number.parseInt(stated[1]!, 8) === sum;
}

/** Members up to the end marker. `whole`: whether all headers and sizes were valid up to the last byte. */
export async function readTar(source: RandomAccess): Promise<{ members: TarMember[]; whole: boolean }> {
  const members: TarMember[] = [];
  let at = 0;
  while (at + BLOCK <= source.size && members.length < MAX_MEMBERS) {
    const block = await source.read(at, BLOCK);
    if (block.every((byte) => byte === 0)) return { members, whole: await isBlank(source, at) };
    if (!isTarHeader(block)) return { members, whole: false };
    const prefix = latin1(block.subarray(257, 262)) === 'ustar' ? field(block, 345, 155) : '';
    const bytes = Number.parseInt(field(block, 124, 12).trim() || '0', 8);
    const name = (prefix ? `${prefix}/` : '') + field(block, 0, 100);
    const type = String.fromCharCode(block[156] || 0x30);
    if (!(bytes >= 0) || at + BLOCK + bytes > source.size) return { members, whole: false };
    members.push({ name, type, linkName: field(block, 157, 100), offset: at + BLOCK, bytes });
    at += BLOCK + Math.ceil(bytes / BLOCK) * BLOCK;
  }
  return { members, whole: false };
}

async function isBlank(source: RandomAccess, from: number): Promise<boolean> {
  const length = Math.min(source.size - from, 1 << 20);
  return length === source.size - from && (await source.read(from, length)).every((byte) => byte === 0);
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const field = (block: Uint8Array, at: number, length: number): string =>
  Buffer.from(block.subarray(at, at + length))
    .toString('utf8')
    .replace(/\0.*$/s, '');
