import { crc32, deflateRawSync } from 'node:zlib';
import { type Entry, inOrder } from './entry.ts';

/** 2.0, as for deflated files; made on Unix, so that modes are kept. */
const [VERSION, MADE_BY] = [20, (3 << 8) | 20];
const DEFLATED = 8;
const UTF8_NAME = 1 << 11;

/** A zip archive (PKWARE's APPNOTE), the same bytes for the same entries: sorted, all changed at `seconds` since 1970. */
export function zipOf(entries: readonly Entry[], seconds: number): Buffer {
  const { time, date } = dosTime(seconds);
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { path, bytes, executable } of inOrder(entries)) {
    const name = Buffer.from(path);
    const packed = deflateRawSync(bytes);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(VERSION, 0);
    common.writeUInt16LE(UTF8_NAME, 2);
    common.writeUInt16LE(DEFLATED, 4);
    common.writeUInt16LE(time, 6);
    common.writeUInt16LE(date, 8);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    const file = [Buffer.from('PK\x03\x04', 'latin1'), common, name, packed];
    const mode = executable ? 0o100755 : 0o100644;
    const head = Buffer.concat([
      Buffer.from('PK\x01\x02', 'latin1'),
      Buffer.alloc(2),
      common,
      Buffer.alloc(14),
    ]);
    head.writeUInt16LE(MADE_BY, 4);
    head.writeUInt32LE(mode * 2 ** 16, 38);
    head.writeUInt32LE(offset, 42);
    directory.push(head, name);
    files.push(...file);
    offset += file.reduce((sum, { length }) => sum + length, 0);
  }
  const index = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(index.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...files, index, end]);
}

/** Date and time as MS-DOS has them, in UTC. */
function dosTime(seconds: number): { time: number; date: number } {
  const at = new Date(seconds * 1000);
  const time = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1);
  const date = ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate();
  return { time, date };
}
