import { BLOCK_BYTES, READ_RUN_BYTES, RECENT_PIECES_BYTES } from './constants.ts';
import type { Peer } from './peer.ts';
import { PieceMemory } from './piece-memory.ts';
import { PieceBuffer, PiecePool } from './piece-pool.ts';
import { RateLimit } from './rate-limit.ts';
import { RecentPieces } from './recent-pieces.ts';
import type { BlockRequest } from './wire.ts';

/** Bytes of free read buffers kept for reuse. */
const MAX_FREE_BYTES = 4 * 1024 * 1024;

/** Reads verified bytes of a piece from disk into `into`. Rejects when they cannot be read. */
export type ReadBytes = (index: number, begin: number, into: Uint8Array) => Promise<void>;

/**
 * Answers requests for blocks as fast as each socket takes them and the node's upload limit allows. Blocks are copied from a recent piece or read from disk,
 * so that a peer makes us hold no more memory than it requested.
 */
export class Uploads {
  readonly #read: ReadBytes;
  readonly #limit: RateLimit;
  /** Applies to peers behind relays in addition. */
  readonly #relayed: RateLimit;
  readonly #pool = new PiecePool(READ_RUN_BYTES, new PieceMemory({ freeBytes: MAX_FREE_BYTES }));
  readonly #recent = new RecentPieces(RECENT_PIECES_BYTES);

  constructor(read: ReadBytes, { up, relayed }: { up?: RateLimit; relayed?: RateLimit } = {}) {
    this.#read = read;
    this.#limit = up ?? new RateLimit();
    this.#relayed = relayed ?? new RateLimit();
  }

  /** Keeps a new piece in memory, since other peers will request it soon. */
  keep(index: number, piece: PieceBuffer): void {
    this.#recent.put(index, piece);
  }

  /** Sends requested blocks until the peer's socket is full or the limit is reached; called again when there is room. */
  async serve(peer: Peer): Promise<void> {
    if (peer.serving || !peer.queue) return;
    peer.serving = true;
    const limits = peer.end.isRelayed ? [this.#limit, this.#relayed] : [this.#limit];
    try {
      while (peer.queue.size > 0 && peer.hasRoom && !peer.isClosed) {
        const reached = limits.find(({ isOpen }) => !isOpen);
        if (reached) {
          reached.wait(peer, () => void this.serve(peer));
          break;
        }
        const isUnlimited = limits.every((limit) => limit.isUnlimited);
        const run = peer.queue.takeRun(isUnlimited ? READ_RUN_BYTES : BLOCK_BYTES);
        for (const { length } of run) for (const limit of limits) limit.take(length);
        await this.#send(peer, run);
      }
    } catch (error) {
      peer.close(error);
    } finally {
      peer.serving = false;
    }
  }

  /** Sends the blocks of adjacent requests in one piece. */
  async #send(peer: Peer, run: readonly BlockRequest[]): Promise<void> {
    const { index, begin } = run[0]!;
    const length = run.reduce((sum, request) => sum + request.length, 0);
    const buffer = this.#bufferOf(length);
    try {
      const piece = this.#recent.get(index);
      if (piece) buffer.bytes.set(piece.subarray(begin, begin + buffer.bytes.length));
      else await this.#read(index, begin, buffer.bytes);
      for (const request of run) peer.sendBlock(request, buffer, request.begin - begin);
    } finally {
      buffer.release();
    }
  }

  /** Takes a pool buffer only for large runs, so that memory held stays close to what was requested. */
  #bufferOf(length: number): PieceBuffer {
    if (length > READ_RUN_BYTES / 2) return this.#pool.take(length);
    return new PieceBuffer(Buffer.allocUnsafe(length), () => undefined);
  }
}
