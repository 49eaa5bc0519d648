import { BitorchError } from '#base';

/** A set of pieces, in the layout of BEP 3's bitfield message: piece 0 is the high bit of byte 0. */
export class Bitfield {
  readonly size: number;
  readonly bytes: Uint8Array;
  #count = 0;

  constructor(size: number, bytes = new Uint8Array(Math.ceil(size / 8))) {
    this.size = size;
    this.bytes = bytes;
    for (let index = 0; index < size; index++) if (this.has(index)) this.#count++;
  }

  /** From the wire: the exact length and no bit set beyond the last piece. Throws BitorchError `WIRE_INVALID`. */
  static parse(bytes: Uint8Array, size: number): Bitfield {
    const spare = bytes.length * 8 - size;
    if (bytes.length !== Math.ceil(size / 8) || (spare > 0 && (bytes.at(-1)! & ((1 << spare) - 1)) !== 0)) {
      throw new BitorchError('WIRE_INVALID', `bitfield of ${bytes.length} bytes does not fit ${size} pieces`);
    }
    // Not slice(): of a Buffer that is a view, and these bytes are about to be overwritten.
    return new Bitfield(size, new Uint8Array(bytes));
  }

  /** How many pieces are in the set. */
  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count === this.size;
  }

  has(index: number): boolean {
    return (this.bytes[index >> 3]! & (0x80 >> (index & 7))) !== 0;
  }

  /** Returns whether the piece was not in the set before. */
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
