import { invalid } from './errors.ts';
import type { RandomAccess } from './tensor.ts';
import { decodeText } from './text.ts';

/**
 * An incremental parser: a generator that reads from a ByteWindow and yields the number of bytes it needs next. The same parser
 * works on bytes in memory (readNow) and on sources read in chunks (readFrom), and never holds more than a window.
 */
export type Reading<T> = Generator<number, T, void>;

/** Bytes read from a source at a time. */
const CHUNK = 1 << 18;
/** Maximum number of bytes that a parser can request at once. */
const MAX_NEED = 1 << 24;
const EMPTY = new Uint8Array();

/** A little-endian cursor over bytes [start, end) of a source, a window of which is in memory. */
export class ByteWindow {
  #bytes: Uint8Array = EMPTY;
  #view: DataView = new DataView(EMPTY.buffer);
  /** Offset in the source of the first byte of the window. */
  #base: number;
  /** Offset in the source of the next byte. */
  at: number;
  end: number;

  constructor(start: number, end: number) {
    this.#base = start;
    this.at = start;
    this.end = end;
  }

  /** Bytes left before `end`. */
  get left(): number {
    return this.end - this.at;
  }

  /** Whether the next `bytes` bytes are in memory. Throws FORMAT_INVALID when they extend beyond `end`. */
  has(bytes: number, what: string): boolean {
    if (bytes > this.left) throw invalid(`${what} runs over the end of the file or of its limit`);
    return this.at + bytes <= this.#base + this.#bytes.length;
  }

  /** Bytes in memory from `at` on. */
  get buffered(): number {
    return Math.max(0, this.#base + this.#bytes.length - this.at);
  }

  /** Replaces the window with bytes that begin at `at`. */
  put(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#base = this.at;
  }

  /** Throws FORMAT_INVALID when the bytes extend beyond `end`. */
  skip(bytes: number, what: string): void {
    if (bytes > this.left) throw invalid(`${what} runs over the end of the file or of its limit`);
    this.at += bytes;
  }

  #take(bytes: number): number {
    const from = this.at - this.#base;
    this.at += bytes;
    return from;
  }

  // These require their bytes in memory: call has() first.
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

  /** A view of the next bytes, valid until the window is replaced. */
  bytes(length: number): Uint8Array {
    const from = this.#take(length);
    return this.#bytes.subarray(from, from + length);
  }

  text = (length: number, what: string): string => decodeText(this.bytes(length), what);

  /** The byte at `at` + distance, which must be in memory. */
  peek = (distance = 0): number => this.#bytes[this.at - this.#base + distance]!;
}

/** Runs a parser over a source, `chunk` bytes at a time. Throws FORMAT_INVALID, and whatever the parser or the source throw. */
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
    if (step.value > MAX_NEED) throw invalid(`a single value has ${step.value} bytes`);
    const length = Math.min(Math.max(step.value, chunk), window.left);
    if (source.readInto && length <= chunk) {
      buffer ??= new Uint8Array(Math.min(chunk, window.left));
      const bytes = buffer.subarray(0, length);
      await source.readInto(bytes, window.at);
      window.put(bytes);
    } else window.put(await source.read(window.at, length));
  }
}

/** Runs a parser over bytes in memory. Throws whatever the parser throws. */
export function readNow<T>(bytes: Uint8Array, window: ByteWindow, reading: Reading<T>): T {
  for (;;) {
    const step = reading.next();
    if (step.done) return step.value;
    window.put(bytes.subarray(window.at, window.end));
  }
}
