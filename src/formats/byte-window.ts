import { invalid } from './errors.ts';
import type { RandomAccess } from './tensor.ts';
import { decodeText } from './text.ts';

/**
 * Reading that goes on in memory until it yields how many more bytes it needs. One parser serves bytes at hand
 * (readNow) and sources that are read piece by piece (readFrom), and never holds more than a window.
 */
export type Reading<T> = Generator<number, T, void>;

const CHUNK = 1 << 18;
/** Longest single thing that must lie in memory as a whole. */
const MAX_NEED = 1 << 24;
const EMPTY = new Uint8Array();

/** A little-endian cursor over the bytes from `start` to `end` of a source, of which a window is in memory. */
export class ByteWindow {
  #bytes: Uint8Array = EMPTY;
  #view: DataView = new DataView(EMPTY.buffer);
  /** Place in the source of the first byte of the window. */
  #base: number;
  /** Place in the source of the next byte. */
  at: number;
  end: number;

  constructor(start: number, end: number) {
    this.#base = start;
    this.at = start;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  /** Whether the next bytes are in memory. Throws FORMAT_INVALID when they cannot come. */
  has(bytes: number, what: string): boolean {
    if (bytes > this.left) throw invalid(`${what} runs over the end of the file or of its limit`);
    return this.at + bytes <= this.#base + this.#bytes.length;
  }

  /** Bytes in memory from here on. */
  get buffered(): number {
    return Math.max(0, this.#base + this.#bytes.length - this.at);
  }

  put(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#base = this.at;
  }

  skip(bytes: number, what: string): void {
    if (bytes > this.left) throw invalid(`${what} runs over the end of the file or of its limit`);
    this.at += bytes;
  }

  #take(bytes: number): number {
    const from = this.at - this.#base;
    this.at += bytes;
    return from;
  }

  // Each of these needs its bytes in memory: ask has() first.
  uint8 = (): number => this.#view.getUint8(this.#take(1));
  int8 = (): number => this.#view.getInt8(this.#take(1));
  uint16 = (): number => this.#view.getUint16(this.#take(2), true);
  int16 = (): number => this.#view.getInt16(this.#take(2), true);
  uint32 = (): number => this.#view.getUint32(this.#take(4), true);
  int32 = (): number => this.#view.getInt32(this.#take(4), true);
  float32 = (): number => this.#view.getFloat32(this.#take(4), true);
  uint64 = (): bigint => this.#view.getBigUint64(this.#take(8), true);
  int64 = (): bigint => this.#view.getBigInt64(this.#take(8), true);
  float64 = (): number => this.#view.getFloat64(this.#take(8), true);

  /** The next bytes, valid until more are read. */
  bytes(length: number): Uint8Array {
    const from = this.#take(length);
    return this.#bytes.subarray(from, from + length);
  }

  text = (length: number, what: string): string => decodeText(this.bytes(length), what);

  /** The byte at a distance from here, which must be in memory. */
  peek = (distance = 0): number => this.#bytes[this.at - this.#base + distance]!;
}

/** Runs a reading over a source. Throws what the reading throws. */
export async function readFrom<T>(
  source: RandomAccess,
  window: ByteWindow,
  reading: Reading<T>,
  chunk: number = CHUNK,
): Promise<T> {
  let buffer: Uint8Array | undefined;
  for (;;) {
    const step = reading.next();
    if (step.done) return step.value;
    if (step.value > MAX_NEED) throw invalid(`a single value takes ${step.value} bytes`);
    const length = Math.min(Math.max(step.value, chunk), window.left);
    if (source.readInto && length <= chunk) {
      buffer ??= new Uint8Array(Math.min(chunk, window.left));
      const bytes = buffer.subarray(0, length);
      await source.readInto(bytes, window.at);
      window.put(bytes);
    } else window.put(await source.read(window.at, length));
  }
}

/** Runs a reading over bytes that are all in memory. Throws what the reading throws. */
export function readNow<T>(bytes: Uint8Array, window: ByteWindow, reading: Reading<T>): T {
  for (;;) {
    const step = reading.next();
    if (step.done) return step.value;
    window.put(bytes.subarray(window.at, window.end));
  }
}
