import { BitorchError } from '#base';

/** A set of pieces in the layout of BEP 3's bitfield message: piece 0 is the high bit of byte 0. */
export class Bitfield {
  readonly size: number;
  readonly bytes: Uint8Array;
  #count = 0;

  constructor(size: number, bytes = new Uint8Array(Math.ceil(size / 8))) {
    this.size = size;
    this.bytes = bytes;
    for (let index = 0; index < size; index++) if (this.has(index)) this.#count++;
  }

  /**
   * Parses the payload of a bitfield message. Throws WIRE_INVALID unless the length is exact and the spare bits are zero.
   */
  static parse(bytes: Uint8Array, size: number): Bitfield {
    const spare = bytes.length * 8 - size;
    if (bytes.length !== Math.ceil(size / 8) || (spare > 0 && (bytes.at(-1)! & ((1 << spare) - 1)) !== 0)) {
      throw new BitorchError('WIRE_INVALID', `bitfield of ${bytes.length} bytes does not fit ${size} pieces`);
    }
    // Not slice(): for a Buffer it returns a view, and these bytes will be overwritten.
    return new Bitfield(size, new Uint8Array(bytes));
  }

  /** Number of pieces in the set. */
  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count === this.size;
  }

  has(index: number): boolean {
    return (this.bytes[index >> 3]! & (0x80 >> (index & 7))) !== 0;
  }

  /** Adds a piece; returns false if it was already in the set. */
  add(index: number): boolean {
    if (this.has(index)) return false;
    this.bytes[index >> 3]! |= 0x80 >> (index & 7);
    this.#count++;
    return true;
  }

  *[Symbol.iterator](): Generator<number> {
    for (let index = 0; index < this.size; index++) if (this.has(index)) yield index;
  }
}
