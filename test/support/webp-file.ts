/** Writes WebP files whose prefix codes are whatever lengths one gives. */
import { concat, utf8 } from '#base';

/** Bits from the lowest of the first byte on. */
class BitWriter {
  readonly #bits: number[] = [];

  put(value: number, bits: number): void {
    for (let n = 0; n < bits; n++) this.#bits.push((value >> n) & 1);
  }

  get bytes(): Uint8Array {
    const out = new Uint8Array(Math.ceil(this.#bits.length / 8));
    for (const [n, bit] of this.#bits.entries()) out[n >> 3]! |= bit << (n & 7);
    return out;
  }
}

/** A code of one symbol (a number), or of the lengths that each symbol's code has. */
export type Code = number | readonly number[];

export interface Lossless {
  width?: number;
  height?: number;
  cacheBits?: number;
  /** Of green, red, blue, alpha and distance. */
  codes?: readonly Code[];
  /** Lengths of the code that packs lengths, in the order 0 to 18. */
  lengthCode?: readonly number[];
  /** Codes of a map of groups, which is one pixel of the first symbols. */
  map?: readonly Code[];
}

const ORDER = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
/** Each length from 0 to 15 in four bits. */
const PLAIN = Array.from({ length: 19 }, (_, symbol) => (symbol < 16 ? 4 : 0));
const ONES: readonly Code[] = [0, 0, 0, 0, 0];

function putCode(out: BitWriter, code: Code, size: number, lengthCode: readonly number[]): void {
  if (typeof code === 'number') {
    out.put(1, 1);
    out.put(0, 1);
    out.put(1, 1);
    out.put(code, 8);
    return;
  }
  out.put(0, 1);
  out.put(15, 4);
  for (const symbol of ORDER) out.put(lengthCode[symbol]!, 3);
  out.put(0, 1);
  for (let symbol = 0; symbol < size; symbol++) {
    for (let bit = 3; bit >= 0; bit--) out.put(((code[symbol] ?? 0) >> bit) & 1, 1);
  }
}

function putImage(out: BitWriter, image: Lossless): void {
  const { cacheBits = 0, codes = ONES, lengthCode = PLAIN, map } = image;
  out.put(0, 1);
  out.put(cacheBits > 0 ? 1 : 0, 1);
  if (cacheBits > 0) out.put(cacheBits, 4);
  out.put(map ? 1 : 0, 1);
  if (map) {
    out.put(7, 3);
    out.put(0, 1);
    for (const [n, code] of map.entries()) putCode(out, code, [280, 256, 256, 256, 40][n]!, lengthCode);
  }
  const green = 280 + (cacheBits > 0 ? 1 << cacheBits : 0);
  for (const [n, code] of codes.entries()) putCode(out, code, [green, 256, 256, 256, 40][n]!, lengthCode);
}

/** The stream of a lossless image, with or without its header. */
export function lossless(image: Lossless = {}, header = true): Uint8Array {
  const out = new BitWriter();
  if (header) {
    out.put(0x2f, 8);
    out.put((image.width ?? 8) - 1, 14);
    out.put((image.height ?? 8) - 1, 14);
    out.put(0, 4);
  }
  putImage(out, image);
  out.put(0, 32);
  return out.bytes;
}

/** A chunk, padded to even length. */
export const riffChunk = (name: string, ...parts: Uint8Array[]): Uint8Array => {
  const body = concat(parts);
  const length = Uint8Array.of(body.length, body.length >> 8, body.length >> 16, 0);
  return concat([utf8(name), length, body, new Uint8Array(body.length % 2)]);
};

export const webpOf = (...chunks: Uint8Array[]): Uint8Array => riffChunk('RIFF', utf8('WEBP'), ...chunks);
