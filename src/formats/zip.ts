/**
 * Strict ZIP reader (APPNOTE 6.3.10). The central directory and the local headers must agree, and every byte must belong to one
 * member. Differences are reported as problems, because unpackers trust either of the two.
 */
import { ByteWindow, type Reading, readFrom } from './byte-window.ts';
import { invalid } from './errors.ts';
import type { RandomAccess } from './tensor.ts';

export interface ZipMember {
  name: string;
  /** Compression method: 0 stored, 8 deflated; others are not supported. */
  method: number;
  encrypted: boolean;
  crc: number;
  packedBytes: number;
  bytes: number;
  /** Offset of the packed bytes. */
  offset: number;
  /** Whether the external attributes make it a symbolic link. */
  link: boolean;
}

export interface Zip {
  members: ZipMember[];
  /** Descriptions of the first MAX_PROBLEMS contradictions between headers and bytes that belong to no member. */
  problems: string[];
  /** Offset of the archive; more than 0 when other data precedes it. */
  start: number;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const DESCRIPTOR = 0x08074b50;
const MAX_MEMBERS = 1 << 17;
const MAX_DIRECTORY = 1 << 24;
const MAX_PROBLEMS = 64;
/** Maximum characters of a name in a problem. */
const MAX_SHOWN = 200;
const END_BYTES = 22;
/** Bytes of a directory entry without its variable part. */
const ENTRY_BYTES = 46;
const CHUNK = 1 << 16;

class Problems {
  readonly #reported = new Set<string>();

  get reported(): string[] {
    return [...this.#reported];
  }

  report(problem: string): void {
    if (this.#reported.size < MAX_PROBLEMS) this.#reported.add(problem);
  }
}

interface End {
  /** Offset of the end record. */
  at: number;
  count: number;
  bytes: number;
  offset: number;
  /** Offset of the first record after the central directory. */
  directoryEnd: number;
}

/** Finds the end record of an archive, searching backwards from the end of `source` as unpackers do. */
export async function findZipEnd(source: RandomAccess): Promise<End | undefined> {
  const length = Math.min(source.size, END_BYTES + 0xffff);
  if (length < END_BYTES) return undefined;
  const base = source.size - length;
  const tail = view(await source.read(base, length));
  for (let at = length - END_BYTES; at >= 0; at--) {
    if (tail.getUint32(at, true) !== END) continue;
    const end = {
      at: base + at,
      count: tail.getUint16(at + 10, true),
      bytes: tail.getUint32(at + 12, true),
      offset: tail.getUint32(at + 16, true),
      directoryEnd: base + at,
    };
    const wide = await zip64End(source, end);
    if (wide) return wide;
    // In a real archive the directory, or what is left of it, is right before the end record.
    if (end.bytes <= end.at && end.offset <= end.at) return end;
  }
  return undefined;
}

async function zip64End(source: RandomAccess, end: End): Promise<End | undefined> {
  if (end.at < 20 + 56) return undefined;
  const locator = view(await source.read(end.at - 20, 20));
  if (locator.getUint32(0, true) !== LOCATOR64) return undefined;
  const place = Number(locator.getBigUint64(8, true));
  for (const at of [place, end.at - 20 - 56]) {
    if (!(at >= 0) || at + 56 > end.at) continue;
    const record = view(await source.read(at, 56));
    if (record.getUint32(0, true) !== END64) continue;
    const count = Number(record.getBigUint64(32, true));
    const bytes = Number(record.getBigUint64(40, true));
    return { at: end.at, count, bytes, offset: Number(record.getBigUint64(48, true)), directoryEnd: at };
  }
  return undefined;
}

/**
 * The members of an archive. If its directory cannot be read, the archive is searched for local headers and a problem is reported.
 * Throws FORMAT_INVALID when no member is found.
 */
export async function readZip(source: RandomAccess): Promise<Zip> {
  const problems = new Problems();
  const end = await findZipEnd(source);
  const members = end && (await readDirectory(source, end, problems));
  if (!members) {
    problems.report(end ? 'the central directory cannot be read' : 'there is no central directory');
    const found = await searchLocalHeaders(source);
    if (found.length === 0) throw invalid('no member of the archive can be found');
    return { members: found, problems: problems.reported, start: found[0]!.offset };
  }
  await compareLocalHeaders(source, members.list, members.shift, end, problems);
  return { members: members.list, problems: problems.reported, start: members.shift };
}

async function readDirectory(
  source: RandomAccess,
  end: End,
  problems: Problems,
): Promise<{ list: ZipMember[]; shift: number } | undefined> {
  const { count, bytes, directoryEnd } = end;
  if (count > MAX_MEMBERS || bytes > MAX_DIRECTORY || bytes > directoryEnd) return undefined;
  const start = directoryEnd - bytes;
  const shift = start - end.offset;
  if (shift !== 0) problems.report(`${shift} bytes stand before the archive`);
  const window = new ByteWindow(start, directoryEnd);
  const list: ZipMember[] = [];
  if (!(await readFrom(source, window, readEntries(window, shift, list), CHUNK))) return undefined;
  if (list.length !== count)
    problems.report(`the directory lists ${list.length} members, its end says ${count}`);
  if (window.left > 0) problems.report(`${window.left} bytes of the directory are no member`);
  if (list.length === 0 && count > 0) return undefined;
  const names = new Set<string>();
  for (const { name } of list) {
    if (names.has(name)) problems.report(`two members are called ${shown(name)}`);
    names.add(name);
  }
  return { list, shift };
}

/** Reads the entries of a central directory. False when one extends beyond its end. */
function* readEntries(window: ByteWindow, shift: number, list: ZipMember[]): Reading<boolean> {
  while (window.left >= ENTRY_BYTES) {
    if (!window.has(ENTRY_BYTES, 'the directory')) yield ENTRY_BYTES;
    const head = view(window.bytes(ENTRY_BYTES));
    if (head.getUint32(0, true) !== CENTRAL) {
      window.at -= ENTRY_BYTES;
      return true;
    }
    const u16 = (place: number) => head.getUint16(place, true);
    const u32 = (place: number) => head.getUint32(place, true);
    const member = {
      name: '',
      method: u16(10),
      encrypted: (u16(8) & 0x2041) !== 0,
      crc: u32(16),
      packedBytes: u32(20),
      bytes: u32(24),
      // Offset of the local header until that has been read.
      offset: u32(42),
      link: u32(38) >>> 28 === 0xa,
    };
    const [nameBytes, extraBytes, commentBytes] = [u16(28), u16(30), u16(32)];
    if (nameBytes + extraBytes + commentBytes > window.left) return false;
    if (!window.has(nameBytes + extraBytes, 'the directory')) yield nameBytes + extraBytes;
    member.name = nameOf(window.bytes(nameBytes));
    const sizes = [member.bytes, member.packedBytes, member.offset];
    const [bytes, packedBytes, offset] = widened(sizes, window.bytes(extraBytes));
    member.bytes = bytes!;
    member.packedBytes = packedBytes!;
    member.offset = offset! + shift;
    list.push(member);
    window.skip(commentBytes, 'the directory');
  }
  return true;
}

/** Replaces values of 0xffffffff by the 64-bit values of extra field 1, in order. */
function widened(values: number[], extra: Uint8Array): number[] {
  const cursor = view(extra);
  for (let at = 0; at + 4 <= extra.length; at += 4 + cursor.getUint16(at + 2, true)) {
    if (cursor.getUint16(at, true) !== 1) continue;
    let from = at + 4;
    return values.map((value) => {
      if (value !== 0xffffffff || from + 8 > extra.length) return value;
      from += 8;
      return Number(cursor.getBigUint64(from - 8, true));
    });
  }
  return values;
}

async function compareLocalHeaders(
  source: RandomAccess,
  members: ZipMember[],
  start: number,
  end: End,
  problems: Problems,
): Promise<void> {
  let expected = start;
  /** Bytes of local headers read so far, which bounds the work: in a valid archive they do not overlap. */
  let headers = 0;
  for (const member of members.toSorted((a, b) => a.offset - b.offset)) {
    const here = shown(member.name);
    const at = member.offset;
    if (at !== expected) problems.report(`${here} begins at byte ${at} where ${expected} was expected`);
    const readable = at >= 0 && at + 30 <= end.at && headers <= source.size;
    const local = readable ? await readLocal(source, at) : undefined;
    if (!local) {
      problems.report(`${here} has no local header${headers > source.size ? ' of its own' : ''}`);
      member.packedBytes = 0;
      member.offset = 0;
      continue;
    }
    headers += local.offset - at;
    member.offset = local.offset;
    const { descriptor } = local;
    if (local.name !== member.name) problems.report(`${here} is called ${shown(local.name)} in its header`);
    if (local.method !== member.method) problems.report(`${here} has two methods of packing`);
    if (local.encrypted !== member.encrypted) problems.report(`${here} is and is not encrypted`);
    const same =
      local.crc === member.crc && local.bytes === member.bytes && local.packedBytes === member.packedBytes;
    if (!same && !(descriptor && local.crc === 0)) problems.report(`${here} has two sizes or checksums`);
    if (member.method === 0 && member.bytes !== member.packedBytes && !member.encrypted) {
      problems.report(`${here} is stored with two sizes`);
    }
    if (member.offset + member.packedBytes > end.at) {
      problems.report(`${here} runs over the end of the archive`);
      member.packedBytes = Math.max(0, end.at - member.offset);
    }
    expected = member.offset + member.packedBytes + (descriptor ? await descriptorBytes(source, member) : 0);
  }
  const directory = end.directoryEnd - end.bytes;
  if (expected !== directory) problems.report(`bytes ${expected} to ${directory} belong to no member`);
  const comment = source.size - end.at - END_BYTES;
  if (comment > 0) problems.report(`a comment of ${comment} bytes follows the archive`);
}

interface Local extends ZipMember {
  descriptor: boolean;
}

async function readLocal(source: RandomAccess, at: number): Promise<Local | undefined> {
  const head = view(await source.read(at, 30));
  if (head.getUint32(0, true) !== LOCAL) return undefined;
  const flags = head.getUint16(6, true);
  const nameBytes = head.getUint16(26, true);
  const extraBytes = head.getUint16(28, true);
  if (at + 30 + nameBytes + extraBytes > source.size) return undefined;
  const rest = await source.read(at + 30, nameBytes + extraBytes);
  const sizes = [head.getUint32(22, true), head.getUint32(18, true)];
  const [bytes, packedBytes] = widened(sizes, rest.subarray(nameBytes));
  return {
    name: nameOf(rest.subarray(0, nameBytes)),
    method: head.getUint16(8, true),
    encrypted: (flags & 0x2041) !== 0,
    crc: head.getUint32(14, true),
    bytes: bytes!,
    packedBytes: packedBytes!,
    offset: at + 30 + nameBytes + extraBytes,
    link: false,
    descriptor: (flags & 8) !== 0,
  };
}

/** Bytes of the data descriptor after a member: with or without signature, with 4- or 8-byte sizes. */
async function descriptorBytes(source: RandomAccess, member: ZipMember): Promise<number> {
  const at = member.offset + member.packedBytes;
  const tail = await source.read(at, Math.max(0, Math.min(24, source.size - at)));
  if (tail.length < 16) return 0;
  const cursor = view(tail);
  const signed = cursor.getUint32(0, true) === DESCRIPTOR ? 4 : 0;
  const wide =
    cursor.getUint32(signed + 4, true) === member.packedBytes % 2 ** 32 ? tail.length >= signed + 20 : false;
  const isWide =
    wide &&
    Number(cursor.getBigUint64(signed + 4, true)) === member.packedBytes &&
    Number(cursor.getBigUint64(signed + 12, true)) === member.bytes;
  return signed + (isWide ? 20 : 12);
}

/** Searches the first part of a file for local headers, when its directory is broken. */
async function searchLocalHeaders(source: RandomAccess): Promise<ZipMember[]> {
  const bytes = await source.read(0, Math.min(source.size, MAX_DIRECTORY));
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const members: ZipMember[] = [];
  for (let at = buffer.indexOf('PK\x03\x04', 0, 'latin1'); at >= 0 && members.length < 1024; ) {
    const next = buffer.indexOf('PK\x03\x04', at + 4, 'latin1');
    const local = at + 30 <= source.size ? await readLocal(source, at) : undefined;
    if (local) {
      const most = (next < 0 ? source.size : next) - local.offset;
      const { descriptor, ...member } = local;
      const known = !descriptor && local.packedBytes <= most && local.packedBytes > 0;
      members.push({ ...member, packedBytes: known ? local.packedBytes : Math.max(0, most) });
    }
    at = next;
  }
  return members;
}

const shown = (name: string): string => JSON.stringify(name.slice(0, MAX_SHOWN));
const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const nameOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
