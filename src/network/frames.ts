import { BitorchError } from '#base';

/** Every frame starts with its length: a little-endian u32. */
export const PREFIX_BYTES = 4;

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
    const length = new DataView(this.#peek(PREFIX_BYTES).buffer).getUint32(0, true);
    if (length > this.#maxFrameBytes) {
      throw new BitorchError(
        'FRAME_TOO_LONG',
        `frame of ${length} bytes, at most ${this.#maxFrameBytes} are taken`,
      );
    }
    if (this.#available < PREFIX_BYTES + length) return undefined;
    const frame = this.#peek(PREFIX_BYTES + length).subarray(PREFIX_BYTES);
    this.#drop(PREFIX_BYTES + length);
    return frame;
  }

  #peek(count: number): Uint8Array {
    const out = new Uint8Array(count);
    let at = 0;
    for (const chunk of this.#chunks) {
      if (at === count) break;
      const part = chunk.subarray(0, count - at);
      out.set(part, at);
      at += part.length;
    }
    return out;
  }

  #drop(count: number): void {
    this.#available -= count;
    let left = count;
    while (left > 0) {
      const chunk = this.#chunks[0]!;
      if (chunk.length > left) {
        this.#chunks[0] = chunk.subarray(left);
        return;
      }
      left -= chunk.length;
      this.#chunks.shift();
    }
  }
}
