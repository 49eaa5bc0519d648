import { BitorchError, readU32, totalLength, writeParts, writeU32 } from '#base';

/** Every frame starts with its length: a little-endian u32. */
export const PREFIX_BYTES = 4;

/** A frame made of `parts` with its length in front. */
export function writeFrame(parts: readonly Uint8Array[]): Uint8Array {
  const length = totalLength(parts);
  const frame = new Uint8Array(PREFIX_BYTES + length);
  writeU32(frame, 0, length);
  writeParts(frame, PREFIX_BYTES, parts);
  return frame;
}

/**
 * Cuts a byte stream, however it is fragmented, into frames. One that came alone in one piece is not copied, others are, so
 * that none keeps more memory than its own.
 */
export class FrameAssembler {
  readonly #maxFrameBytes: number;
  readonly #chunks: Uint8Array[] = [];
  #available = 0;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Whether no part of an unfinished frame is held. */
  get empty(): boolean {
    return this.#available === 0;
  }

  /** The bytes are the assembler's from now on, and then its frames'. */
  add(data: Uint8Array): void {
    if (data.length === 0) return;
    this.#chunks.push(data);
    this.#available += data.length;
  }

  /** The next whole frame, or undefined. Throws FRAME_TOO_LONG as soon as a prefix announces too much. */
  next(): Uint8Array | undefined {
    if (this.#available < PREFIX_BYTES) return undefined;
    const length = readU32(this.#gather(PREFIX_BYTES), 0);
    if (length > this.#maxFrameBytes) {
      throw new BitorchError(
        'FRAME_TOO_LONG',
        `frame of ${length} bytes, at most ${this.#maxFrameBytes} are taken`,
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

  /** The first chunk, which holds at least the first `count` bytes: they are put into one where it does not. */
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
