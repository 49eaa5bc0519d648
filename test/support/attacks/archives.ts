/** Writes ZIP and tar archives, right ones and wrong ones. */
import { crc32, deflateRawSync } from 'node:zlib';
import { concat, utf8 } from '#base';

export interface ZipEntry {
  name: string;
  data: Uint8Array;
  deflate?: boolean;
  /** What the local header says instead. */
  localName?: string;
  flags?: number;
  crc?: number;
  /** What the headers say of the size. */
  bytes?: number;
  /** Unix mode, for links. */
  mode?: number;
}

export interface ZipFaults {
  prefix?: Uint8Array;
  comment?: Uint8Array;
  /** Leave the central directory away. */
  headless?: boolean;
  /** Entries that the directory does not list. */
  hidden?: number;
  /** How often the directory lists each entry: all point to the same bytes. */
  repeat?: number;
}

function record(fields: readonly (readonly [size: 2 | 4, value: number])[]): Uint8Array {
  const out = new Uint8Array(fields.reduce((sum, [size]) => sum + size, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const [size, value] of fields) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value >>> 0, true);
    at += size;
  }
  return out;
}

export function zipFile(entries: readonly ZipEntry[], faults: ZipFaults = {}): Uint8Array {
  const {
    prefix = new Uint8Array(),
    comment = new Uint8Array(),
    headless = false,
    hidden = 0,
    repeat = 1,
  } = faults;
  const parts: Uint8Array[] = [prefix];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [n, entry] of entries.entries()) {
    const {
      name,
      data,
      deflate = false,
      localName = name,
      flags = 0,
      crc = crc32(data),
      bytes = data.length,
      mode = 0o100644,
    } = entry;
    const packed = deflate ? deflateRawSync(data) : data;
    const common: [2 | 4, number][] = [
      [2, flags],
      [2, deflate ? 8 : 0],
      [2, 0],
      [2, 33],
      [4, crc],
      [4, packed.length],
      [4, bytes],
    ];
    const local = concat([
      record([[4, 0x04034b50], [2, 20], ...common, [2, utf8(localName).length], [2, 0]]),
      utf8(localName),
      packed,
    ]);
    parts.push(local);
    if (n >= hidden) {
      const central: [2 | 4, number][] = [
        [2, utf8(name).length],
        [2, 0],
        [2, 0],
        [2, 0],
        [2, 0],
        [4, mode * 65536],
        [4, offset],
      ];
      const listing = concat([
        record([[4, 0x02014b50], [2, 0x031e], [2, 20], ...common, ...central]),
        utf8(name),
      ]);
      for (let n = 0; n < repeat; n++) directory.push(listing);
    }
    offset += local.length;
  }
  if (headless) return concat(parts);
  const listed = concat(directory);
  const end = record([
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, directory.length],
    [2, directory.length],
    [4, listed.length],
    [4, offset],
    [2, comment.length],
  ]);
  return concat([...parts, listed, end, comment]);
}

export interface TarEntry {
  name: string;
  data?: Uint8Array;
  type?: string;
  link?: string;
}

export function tarFile(entries: readonly TarEntry[]): Uint8Array {
  const blocks = entries.flatMap(({ name, data = new Uint8Array(), type = '0', link = '' }) => {
    const head = new Uint8Array(512);
    const put = (at: number, text: string) => head.set(utf8(text), at);
    put(0, name);
    put(100, '0000644\0');
    put(124, `${data.length.toString(8).padStart(11, '0')}\0`);
    put(136, '00000000000\0');
    put(148, '        ');
    put(156, type);
    put(157, link);
    put(257, 'ustar\x0000');
    const sum = head.reduce((total, byte) => total + byte, 0);
    put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
    return [head, data, new Uint8Array((512 - (data.length % 512)) % 512)];
  });
  return concat([...blocks, new Uint8Array(1024)]);
}
