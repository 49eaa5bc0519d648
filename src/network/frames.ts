import { BitorchError } from '#base';

/** Every frame starts with its length: a little-endian u32. */
export const PREFIX_BYTES = 4;

/** A frame made of `parts` with its length in front; `extra` bytes more at its end, counted in, are left zero. */
export function writeFrame(parts: readonly Uint8Array[], extra = 0): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, extra);
  const frame = new Uint8Array(PREFIX_BYTES + length);
  new DataView(frame.buffer).setUint32(0, length, true);
  let at = PREFIX_BYTES;
  for (const part of parts) {
    frame.set(part, at);
    at += part.length;
  }
  return frame;
}

/** Cuts a byte stream, however it is fragmented, into frames; each byte is copied once. */
export class FrameAssembler {
  readonly #maxFrameBytes: number;
  #chunks: Uint8Array[] = [];
  #available = 0;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Whether no part of an unfinished frame is held. */
  get empty(): boolean {
    return this.#available === 0;
  }

  add(data: Uint8Array): void {
    if (data.length === 0) return;
    this.#chunks.push(data);
    this.#available += data.length;
  }

  /** The next whole frame, or undefined. Throws FRAME_TOO_LONG as soon as a prefix announces too much. */
  next(): Uint8Array | undefined {
    if (this.#available < PREFIX_BYTES) return undefined;
    const length = this.#peekLength();
    if (length > this.#maxFrameBytes) {
      throw new BitorchError(
        'FRAME_TOO_LONG',
        `frame of ${length} bytes, at most ${this.#maxFrameBytes} are taken`,
      );
    }
    if (this.#available < PREFIX_BYTES + length) return undefined;
    this.#drop(PREFIX_BYTES);
    return this.#take(length);
  }

  #peekLength(): number {
    let length = 0;
    for (let i = 0, chunk = 0, at = 0; i < PREFIX_BYTES; i++, at++) {
      while (at === this.#chunks[chunk]!.length) {
        chunk++;
        at = 0;
      }
      length += this.#chunks[chunk]![at]! * 2 ** (8 * i);
    }
    return length;
  }

  #take(count: number): Uint8Array {
    const out = new Uint8Array(count);
    for (let at = 0; at < count; ) {
      const part = this.#chunks[0]!.subarray(0, count - at);
      out.set(part, at);
      at += part.length;
      this.#drop(part.length);
    }
    return out;
  }

  /** Forgets the first bytes. */
  #drop(count: number): void {
    this.#available -= count;
    for (let left = count; left > 0; ) {
      const chunk = this.#chunks[0]!;
      if (chunk.length > left) this.#chunks[0] = chunk.subarray(left);
      else this.#chunks.shift();
      left -= chunk.length;
    }
  }
}
