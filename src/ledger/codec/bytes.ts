import { BitorchError, concat } from '#base';

/** The error for any non-canonical encoding: too short, too long, not minimal, out of bounds. */
export function codecError(why: string): BitorchError {
  return new BitorchError('CODEC_INVALID', `not canonical ledger bytes: ${why}`);
}

/** Builds an encoding by appending parts. */
export class ByteWriter {
  readonly #parts: Uint8Array[] = [];

  bytes(part: Uint8Array): void {
    this.#parts.push(part);
  }

  /** Minimal unsigned LEB128: seven bits per byte, least significant group first. */
  varint(value: bigint): void {
    const out: number[] = [];
    let rest = value;
    for (; rest >= 128n; rest >>= 7n) out.push(Number(rest & 127n) | 128);
    out.push(Number(rest));
    this.#parts.push(Uint8Array.from(out));
  }

  finish(): Uint8Array {
    return concat(this.#parts);
  }
}

/** Reads an encoding front to back, never past its end. Its methods throw CODEC_INVALID when the bytes do not fit. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get position(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  /** Returns a copy, so that a decoded value does not keep the whole message alive. */
  bytes(length: number): Uint8Array {
    if (length > this.remaining) throw codecError(`${length} bytes expected, ${this.remaining} left`);
    this.#at += length;
    return this.#bytes.slice(this.#at - length, this.#at);
  }

  /** Unsigned LEB128 below 2^64; an encoding with a redundant final zero byte is rejected. */
  varint(): bigint {
    const first = this.#bytes[this.#at];
    if (first !== undefined && first < 128) {
      this.#at++;
      return BigInt(first);
    }
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.remaining === 0) throw codecError('a number is truncated');
      const byte = this.#bytes[this.#at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) {
        if (byte === 0 && shift > 0n) throw codecError('a number is not minimal');
        if (value >= 2n ** 64n) throw codecError('a number is not below 2^64');
        return value;
      }
    }
    throw codecError('a number is longer than 64 bits');
  }
}
