/**
 * Checks the tables of lossless WebP images (VP8L, RFC 9649 §3): transforms, the map of prefix codes, and the codes themselves.
 * The pixels after them are not decoded.
 */
import { invalid } from './errors.ts';
import { BitReader, PrefixCode } from './prefix-code.ts';

export interface Vp8lSize {
  width: number;
  height: number;
}

const SIGNATURE = 0x2f;
const LITERALS = 256;
const LENGTHS = 24;
const DISTANCES = 40;
const MAX_CACHE_BITS = 11;
/** Table entries that libwebp allocates for a group of codes, by the bits of the colour cache (src/dec/vp8l_dec.c). */
const TABLE_ENTRIES = [654, 656, 658, 662, 670, 686, 718, 782, 912, 1168, 1680, 2704].map(
  (green) => 630 * 3 + 410 + green,
);
/** Maximum total pixels of the auxiliary images. */
const MAX_DETAIL = 1 << 22;
const LENGTH_ORDER = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/** Offsets of nearby pixels for the distance codes 1 to 120: columns to the left, rows up (RFC 9649 §3.6.2.2). */
const NEAR = (
  '0,1 1,0 1,1 -1,1 0,2 2,0 1,2 -1,2 2,1 -2,1 2,2 -2,2 0,3 3,0 1,3 -1,3 3,1 -3,1 2,3 -2,3 3,2 -3,2 0,4 4,0 1,4 -1,4 ' +
  '4,1 -4,1 3,3 -3,3 2,4 -2,4 4,2 -4,2 0,5 3,4 -3,4 4,3 -4,3 5,0 1,5 -1,5 5,1 -5,1 2,5 -2,5 5,2 -5,2 4,4 -4,4 3,5 ' +
  '-3,5 5,3 -5,3 0,6 6,0 1,6 -1,6 6,1 -6,1 2,6 -2,6 6,2 -6,2 4,5 -4,5 5,4 -5,4 3,6 -3,6 6,3 -6,3 0,7 7,0 1,7 -1,7 ' +
  '5,5 -5,5 7,1 -7,1 4,6 -4,6 6,4 -6,4 2,7 -2,7 7,2 -7,2 3,7 -3,7 7,3 -7,3 5,6 -5,6 6,5 -6,5 8,0 4,7 -4,7 7,4 -7,4 ' +
  '8,1 8,2 6,6 -6,6 8,3 5,7 -5,7 7,5 -7,5 8,4 6,7 -6,7 7,6 -7,6 8,5 7,7 -7,7 8,6 8,7'
)
  .split(' ')
  .map((pair) => pair.split(',').map(Number) as [number, number]);

/** Checks an image that starts with a VP8L header and returns its size. Throws FORMAT_INVALID when its tables are invalid. */
export function checkVp8l(bytes: Uint8Array): Vp8lSize {
  const bits = new BitReader(bytes);
  if (bits.read(8) !== SIGNATURE) throw invalid('the lossless WebP signature is missing');
  const size = { width: bits.read(14) + 1, height: bits.read(14) + 1 };
  bits.read(1);
  if (bits.read(3) !== 0) throw invalid('the version of the lossless WebP is unknown');
  new Tables(bits).image(size.width, size.height);
  return size;
}

/** Checks an image without a header, as in ALPH chunks. Throws FORMAT_INVALID when its tables are invalid. */
export function checkVp8lAlpha(bytes: Uint8Array, { width, height }: Vp8lSize): void {
  new Tables(new BitReader(bytes)).image(width, height);
}

const parts = (side: number, bits: number): number => (side + (1 << bits) - 1) >> bits;

class Tables {
  readonly #bits: BitReader;
  #detail = MAX_DETAIL;

  constructor(bits: BitReader) {
    this.#bits = bits;
  }

  /** Reads everything before the pixels of the image itself. */
  image(width: number, height: number): void {
    const bits = this.#bits;
    const columns = this.#transforms(width, height);
    const cache = this.#cacheBits();
    let groups = 1;
    if (bits.read(1) === 1) {
      const block = bits.read(3) + 2;
      const map = this.#pixels(parts(columns, block), parts(height, block));
      groups = 1 + map.reduce((most, pixel) => Math.max(most, (pixel >>> 8) & 0xffff), 0);
    }
    for (let group = 0; group < groups; group++) this.#group(cache);
  }

  /** Reads the transforms, each kind at most once. Returns the width after pixel bundling. */
  #transforms(width: number, height: number): number {
    const bits = this.#bits;
    const seen = new Set<number>();
    let columns = width;
    while (bits.read(1) === 1) {
      const kind = bits.read(2);
      if (seen.has(kind)) throw invalid('a lossless WebP applies a transform twice');
      seen.add(kind);
      if (kind < 2) {
        const block = bits.read(3) + 2;
        this.#pixels(parts(columns, block), parts(height, block));
      } else if (kind === 3) {
        const colours = bits.read(8) + 1;
        this.#pixels(colours, 1);
        columns = parts(columns, colours > 16 ? 0 : colours > 4 ? 1 : colours > 2 ? 2 : 3);
      }
    }
    return columns;
  }

  #cacheBits(): number {
    if (this.#bits.read(1) === 0) return 0;
    const cache = this.#bits.read(4);
    if (cache < 1 || cache > MAX_CACHE_BITS) throw invalid(`the colour cache has ${cache} bits`);
    return cache;
  }

  #group(cache: number): PrefixCode[] {
    const green = LITERALS + LENGTHS + (cache > 0 ? 1 << cache : 0);
    const codes = [green, LITERALS, LITERALS, LITERALS, DISTANCES].map((size) => this.#code(size));
    const entries = codes.reduce((sum, code) => sum + code.tableEntries, 0);
    if (entries > TABLE_ENTRIES[cache]!) throw invalid(`the prefix codes need ${entries} table entries`);
    return codes;
  }

  #code(size: number): PrefixCode {
    const bits = this.#bits;
    const lengths = new Uint8Array(size);
    if (bits.read(1) === 1) {
      const two = bits.read(1) === 1;
      const symbols = [bits.read(bits.read(1) === 1 ? 8 : 1), ...(two ? [bits.read(8)] : [])];
      for (const symbol of symbols) {
        if (symbol >= size) throw invalid(`a prefix code of ${size} symbols contains the symbol ${symbol}`);
        lengths[symbol] = 1;
      }
    } else this.#lengths(lengths);
    return new PrefixCode(lengths);
  }

  /** Reads code lengths, which are themselves prefix-coded. */
  #lengths(lengths: Uint8Array): void {
    const bits = this.#bits;
    const own = new Uint8Array(LENGTH_ORDER.length);
    const given = bits.read(4) + 4;
    for (const symbol of LENGTH_ORDER.slice(0, given)) own[symbol] = bits.read(3);
    const code = new PrefixCode(own);
    let most = lengths.length;
    if (bits.read(1) === 1) {
      most = 2 + bits.read(2 + 2 * bits.read(3));
      if (most > lengths.length) throw invalid('a prefix code has more lengths than symbols');
    }
    let previous = 8;
    for (let symbol = 0; symbol < lengths.length && most > 0; most--) {
      const length = code.read(bits);
      if (length < 16) {
        lengths[symbol++] = length;
        if (length > 0) previous = length;
        continue;
      }
      const [extra, least] = [
        [2, 3],
        [3, 3],
        [7, 11],
      ][length - 16]!;
      const end = symbol + bits.read(extra!) + least!;
      if (end > lengths.length) throw invalid('a prefix code repeats lengths beyond its symbols');
      if (length === 16) lengths.fill(previous, symbol, end);
      symbol = end;
    }
  }

  /** Decodes an auxiliary image, which has a single group of codes. */
  #pixels(width: number, height: number): Uint32Array {
    const count = width * height;
    this.#detail -= count;
    if (this.#detail < 0)
      throw invalid(`the auxiliary images of a lossless WebP have more than ${MAX_DETAIL} pixels`);
    const bits = this.#bits;
    const cacheBits = this.#cacheBits();
    const cache = new Uint32Array(cacheBits > 0 ? 1 << cacheBits : 0);
    const [green, red, blue, alpha, distance] = this.#group(cacheBits) as [
      PrefixCode,
      PrefixCode,
      PrefixCode,
      PrefixCode,
      PrefixCode,
    ];
    const pixels = new Uint32Array(count);
    const put = (at: number, pixel: number): void => {
      pixels[at] = pixel;
      if (cacheBits > 0) cache[Math.imul(0x1e35a7bd, pixel) >>> (32 - cacheBits)] = pixel;
    };
    for (let at = 0; at < count; ) {
      const symbol = green.read(bits);
      if (symbol < LITERALS) {
        const colour = (red.read(bits) << 16) | (symbol << 8) | blue.read(bits);
        put(at++, ((alpha.read(bits) << 24) | colour) >>> 0);
      } else if (symbol < LITERALS + LENGTHS) {
        const length = this.#copyLength(symbol - LITERALS);
        const back = distanceOf(this.#copyLength(distance.read(bits)), width);
        if (back > at || at + length > count) throw invalid('a lossless WebP copies beyond its pixels');
        for (let n = 0; n < length; n++, at++) put(at, pixels[at - back]!);
      } else put(at++, cache[symbol - LITERALS - LENGTHS]!);
    }
    return pixels;
  }

  /** Reads the extra bits of a length or a distance with this prefix. */
  #copyLength(prefix: number): number {
    if (prefix < 4) return prefix + 1;
    const extra = (prefix - 2) >> 1;
    return ((2 + (prefix & 1)) << extra) + this.#bits.read(extra) + 1;
  }
}

function distanceOf(code: number, width: number): number {
  const near = NEAR[code - 1];
  return near ? Math.max(1, near[0] + near[1] * width) : code - NEAR.length;
}
