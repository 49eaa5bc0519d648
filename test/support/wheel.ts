import { createHash } from 'node:crypto';
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipEntry {
  name: string;
  bytes: Uint8Array;
  /** Unix mode; a plain file when absent. */
  mode?: number;
  /** What the central directory claims instead of the true size. */
  claimedSize?: number;
}

/** A zip file of deflated entries. */
export function makeZip(entries: ZipEntry[]): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes, mode = 0o100644, claimedSize = bytes.length } of entries) {
    const packed = deflateRawSync(bytes);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(claimedSize, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const header = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((mode << 16) >>> 0, 6);
    tail.writeUInt32LE(offset, 10);
    central.push(Buffer.from('PK\x01\x02'), Buffer.from([20, 3]), common, tail, Buffer.from(name));
    local.push(header);
    offset += header.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...local, directory, Buffer.from('PK\x05\x06'), end]);
}

/** A wheel with these files and a RECORD of their hashes; `over` replaces lines of it. */
export function makeWheel(files: ZipEntry[], over: Record<string, string> = {}): Buffer {
  const lines = files.map(({ name, bytes }) => {
    const sha256 = createHash('sha256').update(bytes).digest('base64url');
    return over[name] ?? `${name},sha256=${sha256},${bytes.length}`;
  });
  const text = (value: string) => new TextEncoder().encode(value);
  return makeZip([
    ...files,
    { name: 'pkg-1.0.dist-info/METADATA', bytes: text('Name: pkg\nLicense: Apache-2.0\n\nLicense: none') },
    { name: 'pkg-1.0.dist-info/RECORD', bytes: text(`${lines.join('\n')}\npkg-1.0.dist-info/RECORD,,\n`) },
  ]);
}
