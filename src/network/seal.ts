import { hkdfSync } from 'node:crypto';
import { totalLength, utf8, writeParts, writeU32 } from '#base';
import { AEAD_KEY_BYTES, AEAD_NONCE_BYTES, AEAD_TAG_BYTES, aeadOpen, aeadSeal } from '#crypto';
import { PREFIX_BYTES } from './frames.ts';

export const TOKEN_BYTES = 16;
const DERIVED_BYTES = TOKEN_BYTES + 2 * AEAD_KEY_BYTES;

/** The values that both ends of a link derive from its secret (docs/protocol/network.md, "Links"). */
export interface LinkKeys {
  /** Identifies the link to its listener; sent once, unencrypted. */
  readonly token: Uint8Array;
  /** AEAD keys for frames from the dialler and from the listener. */
  readonly dialler: Uint8Array;
  readonly listener: Uint8Array;
}

/** HKDF-SHA256 (RFC 5869) of the 32-byte secret, bound to the peer ids of both ends. */
export function deriveLinkKeys(secret: Uint8Array, ends: { dialler: string; listener: string }): LinkKeys {
  const info = utf8(`bitorch/link/v1\0${ends.dialler}\0${ends.listener}`);
  const bytes = new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(), info, DERIVED_BYTES));
  return {
    token: bytes.slice(0, TOKEN_BYTES),
    dialler: bytes.slice(TOKEN_BYTES, TOKEN_BYTES + AEAD_KEY_BYTES),
    listener: bytes.slice(TOKEN_BYTES + AEAD_KEY_BYTES),
  };
}

/** Nonces of one direction: 4 zero bytes, then the number of earlier frames as a little-endian u64. */
class Nonces {
  readonly #nonce = new Uint8Array(AEAD_NONCE_BYTES);
  readonly #view = new DataView(this.#nonce.buffer);
  #count = 0;

  next(): Uint8Array {
    this.#view.setUint32(4, this.#count >>> 0, true);
    this.#view.setUint32(8, Math.floor(this.#count / 2 ** 32), true);
    this.#count++;
    return this.#nonce;
  }
}

/** Encrypts the frames of one direction, each with its own nonce. */
export class Sealer {
  readonly #key: Uint8Array;
  readonly #nonces = new Nonces();
  /** Buffer of the last wire frame, and two views of it: ciphertext with tag, and ciphertext alone. */
  #frame = new Uint8Array(0);
  #sealed = this.#frame;
  #message = this.#frame;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /**
   * The wire form of the frame made of `parts`: length, ciphertext, tag. The next frame of the same length reuses the
   * buffer unless `keep` is called first; most frames of a session have the same length, and allocation takes time.
   */
  seal(parts: readonly Uint8Array[]): Uint8Array {
    const length = totalLength(parts) + AEAD_TAG_BYTES;
    if (length !== this.#sealed.length) this.#makeRoom(length);
    writeParts(this.#message, 0, parts);
    aeadSeal(this.#sealed, this.#message, this.#nonces.next(), this.#key);
    return this.#frame;
  }

  /** Keeps the last sealed frame's buffer from being reused. */
  keep(): void {
    this.#sealed = new Uint8Array(0);
  }

  #makeRoom(length: number): void {
    this.#frame = new Uint8Array(PREFIX_BYTES + length);
    writeU32(this.#frame, 0, length);
    this.#sealed = this.#frame.subarray(PREFIX_BYTES);
    this.#message = this.#sealed.subarray(0, -AEAD_TAG_BYTES);
  }
}

/** Decrypts the frames of the other side's Sealer in order. A modified, repeated or missing frame fails. */
export class Opener {
  readonly #key: Uint8Array;
  readonly #nonces = new Nonces();

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** Decrypts a frame in place; `sealed` is the wire form without its length. Throws SEAL_INVALID. */
  open(sealed: Uint8Array): Uint8Array {
    return aeadOpen(sealed, this.#nonces.next(), this.#key);
  }
}
