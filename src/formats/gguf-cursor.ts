import { invalid } from './errors.ts';
import { decodeText } from './text.ts';

/** Thrown when the bytes read so far end inside a value; the caller reads more and starts again. */
export class NeedMore extends Error {}

/** Little-endian reading of a header of which only the first bytes may be in memory yet. */
export class Cursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** Bytes that can still come: the file's length, or the limit for headers if that is less. */
  readonly #limit: number;
  at = 0;

  constructor(bytes: Uint8Array, limit: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#limit = limit;
  }

  get left(): number {
    return this.#limit - this.at;
  }

  #take(bytes: number, what: string): number {
    if (bytes > this.left) throw invalid(`${what} runs over the end of the file or of the header limit`);
    if (this.at + bytes > this.#bytes.length) throw new NeedMore();
    const from = this.at;
    this.at += bytes;
    return from;
  }

  uint8 = (what: string): number => this.#view.getUint8(this.#take(1, what));
  int8 = (what: string): number => this.#view.getInt8(this.#take(1, what));
  uint16 = (what: string): number => this.#view.getUint16(this.#take(2, what), true);
  int16 = (what: string): number => this.#view.getInt16(this.#take(2, what), true);
  uint32 = (what: string): number => this.#view.getUint32(this.#take(4, what), true);
  int32 = (what: string): number => this.#view.getInt32(this.#take(4, what), true);
  float32 = (what: string): number => this.#view.getFloat32(this.#take(4, what), true);
  uint64 = (what: string): bigint => this.#view.getBigUint64(this.#take(8, what), true);
  int64 = (what: string): bigint => this.#view.getBigInt64(this.#take(8, what), true);
  float64 = (what: string): number => this.#view.getFloat64(this.#take(8, what), true);

  /** A 64-bit count or length of at most `max`. */
  count(what: string, max: number): number {
    const value = this.uint64(what);
    if (value > BigInt(max)) throw invalid(`${what} is ${value}, over the limit of ${max}`);
    return Number(value);
  }

  bool(what: string): boolean {
    const value = this.uint8(what);
    if (value > 1) throw invalid(`${what}: ${value} is neither true nor false`);
    return value === 1;
  }

  /** UTF-8 with a 64-bit length of at most `maxBytes`. */
  string(what: string, maxBytes: number): string {
    const length = this.count(`length of ${what}`, maxBytes);
    const from = this.#take(length, what);
    return decodeText(this.#bytes.subarray(from, from + length), what);
  }
}
