import { BitorchError, readU32, sha256, utf8, writeU32 } from '#base';

/** Bytes per node: part of the hash of its id, and the time of its newest announcement or delta in seconds. */
const HASH_BYTES = 4;
const ENTRY_BYTES = HASH_BYTES + 4;
const LAST_OFFSET = 32 - HASH_BYTES;
/** Nodes of a digest. */
const MAX_ENTRIES = 1_152;
export const MAX_DIGEST_BYTES = 1 + MAX_ENTRIES * ENTRY_BYTES;

/** A node and the time of its newest announcement or delta, in ms since epoch. */
export interface Heard {
  readonly id: string;
  readonly time: number;
}

/**
 * A compact summary of what its sender knows. Ids are hashed with a position that the sender draws each time, so a node
 * whose id has an equal hash cannot hide another one for long.
 */
export class Digest {
  readonly #offset: number;
  readonly #seconds: ReadonlyMap<number, number>;

  private constructor(offset: number, seconds: ReadonlyMap<number, number>) {
    this.#offset = offset;
    this.#seconds = seconds;
  }

  /** `random`: a number from 0 to 1. */
  static encode(heard: readonly Heard[], random: number): Uint8Array {
    const entries = heard.slice(0, MAX_ENTRIES);
    const offset = Math.floor(random * (LAST_OFFSET + 1));
    const bytes = new Uint8Array(1 + entries.length * ENTRY_BYTES);
    bytes[0] = offset;
    for (const [i, { id, time }] of entries.entries()) {
      const at = 1 + i * ENTRY_BYTES;
      bytes.set(hashOf(id).subarray(offset, offset + HASH_BYTES), at);
      writeU32(bytes, at + HASH_BYTES, secondsOf(time));
    }
    return bytes;
  }

  /** Throws CODEC_INVALID. */
  static decode(bytes: Uint8Array): Digest {
    const [offset = LAST_OFFSET + 1] = bytes;
    if (offset > LAST_OFFSET || bytes.length > MAX_DIGEST_BYTES || bytes.length % ENTRY_BYTES !== 1)
      throw new BitorchError('CODEC_INVALID', 'not a digest of known nodes');
    const seconds = new Map<number, number>();
    for (let at = 1; at < bytes.length; at += ENTRY_BYTES)
      seconds.set(readU32(bytes, at), readU32(bytes, at + HASH_BYTES));
    return new Digest(offset, seconds);
  }

  /**
   * The time of the sender's newest information about a node, in ms since epoch, rounded down to seconds; undefined if
   * it has none.
   */
  timeOf(id: string): number | undefined {
    const seconds = this.#seconds.get(readU32(hashOf(id), this.#offset));
    return seconds === undefined ? undefined : seconds * 1000;
  }
}

const secondsOf = (time: number): number => Math.min(0xffff_ffff, Math.floor(time / 1000));

const hashes = new Map<string, Uint8Array>();
const MAX_HASHES = 16_384;

function hashOf(id: string): Uint8Array {
  const known = hashes.get(id);
  if (known) return known;
  if (hashes.size >= MAX_HASHES) hashes.clear();
  const hash = sha256(utf8(id));
  hashes.set(id, hash);
  return hash;
}
