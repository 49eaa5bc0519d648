/** Files made of chunks, members or entries, put together at random: right lengths and checksums, wrong contents. */
import { crc32, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { concat, utf8 } from '#base';
import { tarFile, type ZipEntry, zipFile } from '../attacks/archives.ts';
import type { Random } from '../attacks/index.ts';
import { ggufFile, layOut, type TypedValue, type ValueTypeName } from '../gguf-file.ts';
import { scramble, splice } from './bytes.ts';

type Bytes = Uint8Array;

const sometimes = (random: Random, bytes: Bytes, oneIn = 2): Bytes =>
  random.chance(oneIn) ? scramble(random, bytes) : bytes;

/** A PNG scrambled, its chunks' checksums and most lengths put right again. */
export function mutatePng(random: Random, png: Bytes): Bytes {
  const out = scramble(random, png);
  if (random.chance(4)) return out;
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  for (let at = 8; at + 12 <= out.length; ) {
    if (view.getUint32(at) > out.length - at - 12) view.setUint32(at, random.below(out.length - at - 11));
    const end = at + 8 + view.getUint32(at);
    view.setUint32(end, crc32(out.subarray(at + 4, end)));
    at = end + 4;
  }
  return out;
}

/** A RIFF file scrambled whose length is right. */
export function mutateRiff(random: Random, riff: Bytes): Bytes {
  const chunks = Array.from({ length: random.below(4) }, () => {
    const data = random.bytes(2 * random.below(10));
    const name = random.pick([
      'VP8 ',
      'VP8L',
      'VP8X',
      'ALPH',
      'ANIM',
      'ANMF',
      'ICCP',
      'EXIF',
      'XMP ',
      'ABCD',
    ]);
    return concat([utf8(name), Uint8Array.of(data.length, 0, 0, 0), data]);
  });
  const head = random.chance(3) ? riff.subarray(0, 12) : riff;
  const out = sometimes(random, concat([head, ...chunks]));
  if (out.length >= 8 && !random.chance(8)) {
    new DataView(out.buffer, out.byteOffset).setUint32(4, out.length - 8, true);
  }
  return out;
}

/** Segments, scans and markers of JPEG. */
export function makeJpeg(random: Random, jpeg: Bytes): Bytes {
  const segments = Array.from({ length: random.below(4) }, () => {
    const marker = random.pick([0xc0, 0xc2, 0xc4, 0xdb, 0xdd, 0xe1, 0xfe, 0xda, 0xff]);
    const data = random.bytes(random.below(20));
    return concat([Uint8Array.of(0xff, marker, 0, data.length + 2), data]);
  });
  return sometimes(random, concat([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)]));
}

const NAMES = [
  'a',
  'data.pkl',
  'archive/data.pkl',
  'archive/data/0',
  '../x',
  '/x',
  'a.zip',
  '',
  'code/x.py',
  'ü',
  'x\0y',
];

export function makeZip(random: Random, contents: readonly Bytes[]): Bytes {
  const entries = Array.from({ length: random.below(5) }, (): ZipEntry => {
    const data = sometimes(random, random.pick(contents), 3);
    return {
      name: random.pick(NAMES),
      data,
      deflate: random.chance(2),
      ...(random.chance(8) && { localName: random.pick(NAMES) }),
      ...(random.chance(8) && { flags: random.pick([1, 8, 0x2000, 0x800, 0xffff]) }),
      ...(random.chance(8) && { crc: random.below(2 ** 32) }),
      ...(random.chance(8) && { bytes: random.below(2 ** 32) }),
      ...(random.chance(8) && { mode: 0o120777 }),
    };
  });
  const file = zipFile(entries, {
    ...(random.chance(8) && { prefix: random.bytes(random.below(40)) }),
    ...(random.chance(8) && { comment: random.bytes(random.below(40)) }),
    ...(random.chance(8) && { headless: true }),
    ...(random.chance(8) && { hidden: random.below(3) }),
    ...(random.chance(8) && { repeat: random.below(4) }),
  });
  return sometimes(random, random.chance(6) ? withZip64End(file) : file, 3);
}

/** The same archive with the wide end record and its locator before the narrow one. */
function withZip64End(zip: Bytes): Bytes {
  if (zip.length < 22) return zip;
  const at = zip.length - 22;
  const narrow = new DataView(zip.buffer, zip.byteOffset + at, 22);
  const wide = new Uint8Array(76);
  const view = new DataView(wide.buffer);
  view.setUint32(0, 0x06064b50, true);
  view.setBigUint64(4, 44n, true);
  view.setBigUint64(24, BigInt(narrow.getUint16(10, true)), true);
  view.setBigUint64(32, BigInt(narrow.getUint16(10, true)), true);
  view.setBigUint64(40, BigInt(narrow.getUint32(12, true)), true);
  view.setBigUint64(48, BigInt(narrow.getUint32(16, true)), true);
  view.setUint32(56, 0x07064b50, true);
  view.setBigUint64(64, BigInt(at), true);
  return splice(zip, at, 0, wide);
}

/** Members of every type, headers scrambled and most checksums put right again. */
export function makeTar(random: Random, contents: readonly Bytes[]): Bytes {
  const entries = Array.from({ length: random.below(4) }, () => ({
    name: random.pick(NAMES),
    data: sometimes(random, random.pick(contents), 3),
    type: random.pick([...'01234567xgLK\0S']),
    link: random.pick(['', '/etc/passwd', '../x']),
  }));
  const out = sometimes(random, tarFile(entries));
  if (random.chance(4)) return out;
  for (let at = 0; at + 512 <= out.length; at += 512) {
    if (Buffer.from(out.subarray(at + 257, at + 262)).toString('latin1') !== 'ustar') continue;
    out.fill(0x20, at + 148, at + 156);
    const sum = out.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
    out.set(utf8(`${sum.toString(8).padStart(6, '0')}\0 `), at + 148);
  }
  return out;
}

/** A packed stream, damaged or not. */
export function makeCompressed(random: Random, content: Bytes): Bytes {
  const pack = random.pick([gzipSync, deflateSync, deflateRawSync, zstdCompressSync]);
  return sometimes(random, pack(content));
}

const SCALARS: readonly ValueTypeName[] = [
  ...(['uint8', 'int8', 'uint16', 'int16', 'uint32', 'int32', 'float32', 'bool'] as const),
  ...(['uint64', 'int64', 'float64', 'string', 'string', 'array', 'array'] as const),
];
const TEXTS = ['', 'x', 'llama', '{{ messages }}', 'é', '\0'];

function anyValue(random: Random, type: ValueTypeName, depth: number): unknown {
  if (type === 'string') return random.pick(TEXTS);
  if (type !== 'array') return random.below(3);
  const inner = depth > 5 ? 'uint8' : random.pick(SCALARS);
  return [inner, Array.from({ length: random.below(4) }, () => anyValue(random, inner, depth + 1))];
}

function typedValue(random: Random): TypedValue {
  const type = random.pick(SCALARS);
  return [type, anyValue(random, type, 0)];
}

/** Metadata of every type, nested arrays, tensors of every layout. */
export function makeGguf(random: Random): Bytes {
  const alignment = random.chance(6) ? random.pick([0, 1, 8, 24, 64, 1 << 17]) : 32;
  const metadata = Array.from({ length: random.below(6) }, (_, n): [string, TypedValue] => [
    random.pick([`general.k${n}`, `k${n}`, 'tokenizer.chat_template', 'general.architecture']),
    typedValue(random),
  ]);
  if (alignment !== 32) metadata.push(['general.alignment', ['uint32', alignment]]);
  const tensors = Array.from({ length: random.below(4) }, (_, n) => {
    const [type, each, block] = random.pick([
      [0, 1, 4],
      [1, 1, 2],
      [8, 32, 34],
      [2, 32, 18],
      [24, 1, 1],
      [99, 1, 1],
    ] as const);
    const dims = [
      each * random.between(1, 3),
      ...Array.from({ length: random.below(4) }, () => random.between(0, 3)),
    ];
    const bytes = dims.reduce((product, side) => product * side, block / each);
    return { name: random.chance(12) ? 't' : `t${n}`, type, dims, bytes };
  });
  const file = ggufFile({
    alignment: alignment || 32,
    metadata,
    tensors: layOut(tensors, alignment || 32),
    trailing: random.chance(12) ? random.between(-3, 3) : 0,
    version: random.pick([3, 3, 3, 2, 1]),
  });
  return sometimes(random, file, 3);
}

/** Headers of NumPy arrays in many spellings. */
export function makeNpy(random: Random): Bytes {
  const type = random.pick(["'<f4'", "'|u1'", "'>i8'", "'|O'", "'<U7'", "[('a', '<f4')]", "'<q9999'", 'x']);
  const shape = random.pick([
    '(2, 3)',
    '(6,)',
    '()',
    '(0,)',
    '(9999999999, 9999999999)',
    '(3L, 2L)',
    '(',
    '(-1,)',
  ]);
  const text = `{'descr': ${type}, 'fortran_order': ${random.pick(['False', 'True', 'x'])}, 'shape': ${shape}, }`;
  const header = utf8(`${text.padEnd(random.pick([0, 63, 117]), ' ')}\n`);
  const version = random.pick([1, 1, 2, 3, 4]);
  const length =
    version === 1
      ? [header.length & 255, header.length >> 8]
      : [header.length & 255, header.length >> 8, 0, 0];
  const data = new Uint8Array(random.pick([24, 6, 48, 0, 168, 7]));
  return sometimes(
    random,
    concat([Uint8Array.of(0x93, 78, 85, 77, 80, 89, version, 0, ...length), header, data]),
    4,
  );
}
