/** Prefix codes of lossless WebP (RFC 9649 §3.7.2): canonical Huffman codes of up to 15 bits, defined by their lengths. */
import { invalid } from './errors.ts';

/** Reads bits of a byte string, least significant bit first. Throws FORMAT_INVALID past the end. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #held = 0;
  #count = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Reads an unsigned integer of at most 24 bits. */
  read(bits: number): number {
    while (this.#count < bits) {
      if (this.#at === this.#bytes.length) throw invalid('the tables of a lossless WebP are truncated');
      this.#held |= this.#bytes[this.#at++]! << this.#count;
      this.#count += 8;
    }
    const value = this.#held & ((1 << bits) - 1);
    this.#held >>>= bits;
    this.#count -= bits;
    return value;
  }
}

const MAX_LENGTH = 15;
/** Bits that index the first-level table of decoders; longer codes use second-level tables. */
const ROOT_BITS = 8;

/**
 * A complete prefix code, in which every sequence of bits has exactly one meaning. Decoders size their tables for complete codes;
 * incomplete ones overflowed them (CVE-2023-4863).
 */
export class PrefixCode {
  readonly #counts = new Uint16Array(MAX_LENGTH + 1);
  readonly #symbols: number[] = [];
  /** Number of table entries that libwebp uses for the code. */
  readonly tableEntries: number;

  /** `lengths`: bits of each symbol's code, 0 for unused symbols. Throws FORMAT_INVALID unless the code is complete. */
  constructor(lengths: ArrayLike<number>) {
    const counts = this.#counts;
    for (let symbol = 0; symbol < lengths.length; symbol++) counts[lengths[symbol]!]!++;
    counts[0] = 0;
    const next = new Uint16Array(MAX_LENGTH + 2);
    for (let length = 1; length <= MAX_LENGTH; length++) next[length + 1] = next[length]! + counts[length]!;
    const used = next[MAX_LENGTH + 1]!;
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol]! > 0) this.#symbols[next[lengths[symbol]!]!++] = symbol;
    }
    let open = 1;
    for (let length = 1; length <= MAX_LENGTH && used !== 1; length++) {
      open = 2 * open - counts[length]!;
      if (open < 0) throw invalid('a prefix code of a lossless WebP is oversubscribed');
    }
    if (used === 0 || (used > 1 && open > 0)) throw invalid('a prefix code of a lossless WebP is incomplete');
    this.tableEntries = used === 1 ? 1 << ROOT_BITS : entriesOf(counts);
  }

  /** Reads a symbol. A code with a single symbol takes no bits. */
  read(bits: BitReader): number {
    if (this.#symbols.length === 1) return this.#symbols[0]!;
    let code = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; ; length++) {
      code |= bits.read(1);
      const count = this.#counts[length]!;
      if (code - first < count) return this.#symbols[index + code - first]!;
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
  }
}

/** Number of entries that libwebp's BuildHuffmanTable() (src/utils/huffman_utils.c) writes. */
function entriesOf(counts: Uint16Array): number {
  let entries = 1 << ROOT_BITS;
  let code = 0;
  let prefix = -1;
  for (let length = 1; length <= MAX_LENGTH; length++, code <<= 1) {
    for (let left = counts[length]!; left > 0; left--, code++) {
      const root = length > ROOT_BITS ? code >> (length - ROOT_BITS) : prefix;
      if (root === prefix) continue;
      prefix = root;
      entries += 1 << secondBits(counts, length, left);
    }
  }
  return entries;
}

/** Index bits of a second-level table that starts with a code of `length`, of which `left` remain to be placed. */
function secondBits(counts: Uint16Array, length: number, left: number): number {
  let room = (1 << (length - ROOT_BITS)) - left;
  let last = length;
  while (last < MAX_LENGTH && room > 0) {
    last++;
    room = 2 * room - counts[last]!;
  }
  return last - ROOT_BITS;
}
