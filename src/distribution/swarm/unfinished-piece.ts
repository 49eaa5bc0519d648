import { BLOCK_BYTES } from './constants.ts';
import type { Peer } from './peer.ts';
import type { PieceBuffer } from './piece-pool.ts';
import type { BlockRequest } from './wire.ts';

/** A piece on its way: the blocks that are here, who sent them, and who works on the rest. */
export class UnfinishedPiece {
  readonly index: number;
  readonly buffer: PieceBuffer;
  readonly blockCount: number;
  /** Peer id of each block's sender; undefined while the block is missing. */
  readonly senders: (string | undefined)[];
  /** One connection, until nothing else is left to fetch. */
  readonly owners = new Set<Peer>();
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

  has(block: number): boolean {
    return this.senders[block] !== undefined;
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
