import { BitorchError } from '#base';

/** Byte strings are Uint8Array. Dictionary keys are byte strings too, represented as latin1 strings. */
export type BencodeValue = number | Uint8Array | BencodeValue[] | BencodeDictionary;
export type BencodeDictionary = Map<string, BencodeValue>;

export interface BencodeLimits {
  maxBytes: number;
  maxDepth?: number;
  /** Integers, strings, lists and dictionaries in total. */
  maxItems?: number;
  /**
   * Accepts common deviations: unsorted keys, repeated keys (the first counts), leading zeros, negative zero, trailing
   * bytes. For answers that are read once, never for hashed data.
   */
  lenient?: boolean;
}

const MAX_DEPTH = 16;
const MAX_ITEMS = 1_000_000;
const [INTEGER, LIST, DICTIONARY, END, COLON] = [0x69, 0x6c, 0x64, 0x65, 0x3a];
const [ZERO, NINE, MINUS] = [0x30, 0x39, 0x2d];

/**
 * Decodes bencode (BEP 3) from an untrusted peer: bounded, without leading zeros, keys sorted and unique, no trailing
 * bytes. Each value therefore has one encoding, and encodeBencode(decodeBencode(bytes)) equals `bytes`. Strings are views
 * of `bytes`. Throws BENCODE_INVALID.
 */
export function decodeBencode(bytes: Uint8Array, limits: BencodeLimits): BencodeValue {
  if (bytes.length > limits.maxBytes) throw invalid(`${bytes.length} bytes, at most ${limits.maxBytes}`);
  const decoder = new Decoder(bytes, limits);
  const value = decoder.value(0);
  if (decoder.at !== bytes.length && !limits.lenient) throw invalid(`bytes after the end at ${decoder.at}`);
  return value;
}

class Decoder {
  at = 0;
  #itemsLeft: number;
  readonly #bytes: Uint8Array;
  readonly #maxDepth: number;
  readonly #lenient: boolean;

  constructor(bytes: Uint8Array, limits: BencodeLimits) {
    this.#bytes = bytes;
    this.#maxDepth = limits.maxDepth ?? MAX_DEPTH;
    this.#itemsLeft = limits.maxItems ?? MAX_ITEMS;
    this.#lenient = limits.lenient ?? false;
  }

  value(depth: number): BencodeValue {
    if (depth > this.#maxDepth) throw invalid('nested too deeply');
    if (this.#itemsLeft-- === 0) throw invalid('too many items');
    const first = this.#bytes[this.at];
    if (first === INTEGER) return this.#integer();
    if (first === LIST) return this.#list(depth);
    if (first === DICTIONARY) return this.#dictionary(depth);
    return this.#string();
  }

  #integer(): number {
    this.at++;
    const negative = this.#bytes[this.at] === MINUS;
    if (negative) this.at++;
    const magnitude = this.#digits(END);
    if (negative && magnitude === 0 && !this.#lenient) throw invalid('negative zero');
    return negative && magnitude > 0 ? -magnitude : magnitude;
  }

  #list(depth: number): BencodeValue[] {
    const list: BencodeValue[] = [];
    this.at++;
    while (this.#bytes[this.at] !== END) list.push(this.value(depth + 1));
    this.at++;
    return list;
  }

  #dictionary(depth: number): BencodeDictionary {
    const dictionary: BencodeDictionary = new Map();
    let last: string | undefined;
    this.at++;
    while (this.#bytes[this.at] !== END) {
      const key = latin1(this.#string());
      const isInOrder = last === undefined || key > last;
      if (!isInOrder && !this.#lenient) throw invalid(`key ${JSON.stringify(key)} is not in order`);
      const value = this.value(depth + 1);
      if (!dictionary.has(key)) dictionary.set(key, value);
      last = key;
    }
    this.at++;
    return dictionary;
  }

  #string(): Uint8Array {
    const length = this.#digits(COLON);
    const end = this.at + length;
    if (end > this.#bytes.length) throw invalid('string runs past the end');
    const string = this.#bytes.subarray(this.at, end);
    this.at = end;
    return string;
  }

  #digits(terminator: number): number {
    const start = this.at;
    let value = 0;
    for (;;) {
      const byte = this.#bytes[this.at++];
      if (byte === terminator && this.at - 1 > start) break;
      if (byte === undefined || byte < ZERO || byte > NINE) throw invalid(`no number at ${start}`);
      value = value * 10 + (byte - ZERO);
      if (!Number.isSafeInteger(value)) throw invalid(`number too large at ${start}`);
    }
    const hasLeadingZero = this.#bytes[start] === ZERO && this.at - start > 2;
    if (hasLeadingZero && !this.#lenient) throw invalid(`leading zero at ${start}`);
    return value;
  }
}

/** Encodes bencode; keys are sorted whatever the Map's order. The caller converts text to bytes. */
export function encodeBencode(value: BencodeValue): Uint8Array {
  const parts: Uint8Array[] = [];
  write(value, parts);
  return new Uint8Array(Buffer.concat(parts));
}

function write(value: BencodeValue, parts: Uint8Array[]): void {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new RangeError(`encodeBencode: not a safe integer: ${value}`);
    parts.push(ascii(`i${value}e`));
  } else if (value instanceof Uint8Array) {
    parts.push(ascii(`${value.length}:`), value);
  } else if (Array.isArray(value)) {
    parts.push(ascii('l'));
    for (const item of value) write(item, parts);
    parts.push(ascii('e'));
  } else {
    parts.push(ascii('d'));
    for (const key of [...value.keys()].sort()) {
      parts.push(ascii(`${key.length}:`), Buffer.from(key, 'latin1'));
      write(value.get(key)!, parts);
    }
    parts.push(ascii('e'));
  }
}

const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const invalid = (what: string): BitorchError => new BitorchError('BENCODE_INVALID', `not bencode: ${what}`);
