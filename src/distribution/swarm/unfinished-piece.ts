import { BLOCK_BYTES, LEAST_BYTES_PER_SECOND, OWNERSHIP_MS } from './constants.ts';
import type { Peer } from './peer.ts';
import type { PieceBuffer } from './piece-pool.ts';
import type { BlockRequest } from './wire.ts';

/** A piece on its way: the blocks that are here, who sent them, and who works on the rest. */
export class UnfinishedPiece {
  readonly index: number;
  readonly buffer: PieceBuffer;
  readonly blockCount: number;
  /** Origin of each block's sender (see Peer); undefined while the block is missing. */
  readonly senders: (string | undefined)[];
  /** Who works on it since when: one connection, until nothing else is left to fetch. */
  readonly owners = new Map<Peer, number>();
  #received = 0;

  /** `buffer` is as long as the piece and held once. */
  constructor(index: number, buffer: PieceBuffer) {
    this.index = index;
    this.buffer = buffer;
    this.blockCount = Math.ceil(buffer.bytes.length / BLOCK_BYTES);
    this.senders = new Array(this.blockCount).fill(undefined);
  }

  get bytes(): Uint8Array {
    return this.buffer.bytes;
  }

  get isComplete(): boolean {
    return this.#received === this.blockCount;
  }

  get isEmpty(): boolean {
    return this.#received === 0;
  }

  has(block: number): boolean {
    return this.senders[block] !== undefined;
  }

  /** Owners that may still finish it soon: one that is slow keeps nobody else from helping. */
  timelyOwners(now: number): number {
    let count = 0;
    for (const owner of this.owners.keys()) if (!this.isLate(owner, now)) count++;
    return count;
  }

  /** Whether a peer has worked on it for too long. */
  isLate(peer: Peer, now: number): boolean {
    return now - (this.owners.get(peer) ?? now) >= OWNERSHIP_MS;
  }

  /** Whether a peer that works on it alone has had all the time that it may take. */
  isOverdue(since: number, now: number): boolean {
    return now - since > OWNERSHIP_MS + (this.bytes.length / LEAST_BYTES_PER_SECOND) * 1000;
  }

  request(block: number): BlockRequest {
    const begin = block * BLOCK_BYTES;
    return { index: this.index, begin, length: Math.min(BLOCK_BYTES, this.bytes.length - begin) };
  }

  /** Copies a block into its place, once. */
  put(block: number, bytes: Uint8Array, sender: string): void {
    this.bytes.set(bytes, block * BLOCK_BYTES);
    this.senders[block] = sender;
    this.#received++;
  }
}
