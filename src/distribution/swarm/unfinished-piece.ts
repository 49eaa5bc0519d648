import { BLOCK_BYTES, LEAST_BYTES_PER_SECOND, OWNERSHIP_MS } from './constants.ts';
import type { PieceBuffer } from './piece-pool.ts';
import type { BlockRequest } from './wire.ts';

/** A piece being downloaded: the received blocks, their senders, and the peers working on it (compared by identity). */
export class UnfinishedPiece<Peer> {
  readonly index: number;
  readonly buffer: PieceBuffer;
  readonly blockCount: number;
  /** Origin of each block's sender (see Peer); undefined while the block is missing. */
  readonly senders: (string | undefined)[];
  /** Peers working on the piece, with the start time in ms; usually one, several in the end game. */
  readonly owners = new Map<Peer, number>();
  #received = 0;

  /** `buffer` has the length of the piece and one holder. */
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

  /** Number of owners within their time limit; a slow one does not keep others from helping. */
  timelyOwners(now: number): number {
    let count = 0;
    for (const owner of this.owners.keys()) if (!this.isLate(owner, now)) count++;
    return count;
  }

  /** Whether a peer has exceeded its time for the piece. */
  isLate(peer: Peer, now: number): boolean {
    return now - (this.owners.get(peer) ?? now) >= OWNERSHIP_MS;
  }

  /** Whether a peer that must deliver the piece alone has exceeded its (longer) time. */
  isOverdue(since: number, now: number): boolean {
    return now - since > OWNERSHIP_MS + (this.bytes.length / LEAST_BYTES_PER_SECOND) * 1000;
  }

  request(block: number): BlockRequest {
    const begin = block * BLOCK_BYTES;
    return { index: this.index, begin, length: Math.min(BLOCK_BYTES, this.bytes.length - begin) };
  }

  /** Copies a block into place; call it once per block. */
  put(block: number, bytes: Uint8Array, sender: string): void {
    this.bytes.set(bytes, block * BLOCK_BYTES);
    this.senders[block] = sender;
    this.#received++;
  }
}
