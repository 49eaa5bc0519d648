import { BitorchError, readU32, totalLength, writeParts, writeU32 } from '#base';

/** Every frame starts with its length as a little-endian u32. */
export const PREFIX_BYTES = 4;

/** A frame made of `parts`, with its length in front. Throws RangeError for an empty frame, which no protocol has. */
export function writeFrame(parts: readonly Uint8Array[]): Uint8Array {
  const length = totalLength(parts);
  if (length === 0) throw new RangeError('a frame has at least one byte');
  const frame = new Uint8Array(PREFIX_BYTES + length);
  writeU32(frame, 0, length);
  writeParts(frame, PREFIX_BYTES, parts);
  return frame;
}

/** Smaller chunks are merged with their neighbours, since each chunk is an object and costs as one. */
const SMALL_BYTES = 512;
const ROOM_BYTES = 4096;

/**
 * Splits a byte stream, however it is fragmented, into frames. A frame that arrived alone in one chunk is not copied;
 * others are, so that no frame keeps more memory alive than its own.
 */
export class FrameAssembler {
  readonly #maxFrameBytes: number;
  readonly #chunks: Uint8Array[] = [];
  #available = 0;
  /** Buffer for small chunks; the last chunk may be a view of it. */
  #room = new Uint8Array();

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Whether no bytes of an unfinished frame are held. */
  get empty(): boolean {
    return this.#available === 0;
  }

  /** Bytes of unfinished frames held. */
  get held(): number {
    return this.#available;
  }

  /** Adds bytes from the stream. The assembler, and later its frames, own the buffer from now on. */
  add(data: Uint8Array): void {
    if (data.length === 0) return;
    if (this.#available > 0 && keepsTooMuch(data)) this.#append(data);
    else this.#chunks.push(data);
    this.#available += data.length;
  }

  /**
   * The next whole frame, or undefined. Throws FRAME_TOO_LONG as soon as a prefix announces too much, and FRAME_EMPTY when
   * it announces nothing.
   */
  next(): Uint8Array | undefined {
    if (this.#available < PREFIX_BYTES) return undefined;
    const length = readU32(this.#gather(PREFIX_BYTES), 0);
    if (length === 0) throw new BitorchError('FRAME_EMPTY', 'the protocol has no empty frames');
    if (length > this.#maxFrameBytes) {
      throw new BitorchError(
        'FRAME_TOO_LONG',
        `frame of ${length} bytes: at most ${this.#maxFrameBytes} are accepted`,
      );
    }
    const end = PREFIX_BYTES + length;
    if (this.#available < end) return undefined;
    const chunk = this.#gather(end);
    this.#available -= end;
    if (chunk.length === end) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(end);
    if (chunk.buffer.byteLength === end) return new Uint8Array(chunk.buffer, PREFIX_BYTES);
    return new Uint8Array(chunk.subarray(PREFIX_BYTES, end));
  }

  /** Copies a chunk behind the last one, into the small-chunk buffer if it has space. */
  #append(data: Uint8Array): void {
    const last = this.#chunks.at(-1)!;
    const used = last.byteOffset + last.length;
    if (last.buffer === this.#room.buffer && used + data.length <= this.#room.length) {
      this.#room.set(data, used);
      this.#chunks[this.#chunks.length - 1] = this.#room.subarray(last.byteOffset, used + data.length);
      return;
    }
    this.#room = new Uint8Array(Math.max(ROOM_BYTES, data.length));
    this.#room.set(data);
    this.#chunks.push(this.#room.subarray(0, data.length));
  }

  /** Returns the first chunk after ensuring that it holds at least `count` bytes; merges chunks where needed. */
  #gather(count: number): Uint8Array {
    const chunk = this.#chunks[0]!;
    if (chunk.length >= count) return chunk;
    const gathered = new Uint8Array(count);
    let whole = 0;
    for (let at = 0; at < count; ) {
      const next = this.#chunks[whole]!;
      const part = next.subarray(0, count - at);
      gathered.set(part, at);
      at += part.length;
      if (part.length === next.length) whole++;
      else this.#chunks[whole] = next.subarray(part.length);
    }
    this.#chunks.splice(0, whole, gathered);
    return gathered;
  }
}

/** Whether a chunk is small, or a small part of a buffer that it would keep alive. */
const keepsTooMuch = (data: Uint8Array): boolean =>
  data.length < SMALL_BYTES || data.length * 4 < data.buffer.byteLength;
