import { BitorchError } from '#base';
import { type Metainfo, pieceSize } from '../metainfo.ts';
import { Blame } from './blame.ts';
import {
  BLOCK_BYTES,
  MAX_OWNERS,
  MAX_PIPELINE,
  MAX_UNASKED_BYTES,
  MAX_UNWRITTEN_BYTES,
  MIN_PIPELINE,
  SNUB_CLOSE_MS,
  SNUB_TIMEOUT_MS,
} from './constants.ts';
import type { Peer } from './peer.ts';
import { LAST_CLASS, type Picker } from './picker.ts';
import type { PieceMemory } from './piece-memory.ts';
import type { PieceBuffer, PiecePool } from './piece-pool.ts';
import type { Store } from './store.ts';
import { UnfinishedPiece } from './unfinished-piece.ts';
import { type BlockRequest, encodeRequests } from './wire.ts';

/** How many times the rate of others makes a peer much faster. */
const MUCH_FASTER = 4;

export interface DownloadEvents {
  /** The piece is verified and on disk. */
  onPiece(index: number, piece: PieceBuffer): void;
  /** Peers of these origins sent bytes that are not the torrent's. */
  onGuilty(origins: string[]): void;
  /** The disk refused a piece. */
  onFailure(error: unknown): void;
}

/**
 * Fetches wanted pieces. A piece belongs to one connection; when a peer could begin no further piece of the same
 * priority, it helps with those of others (BEP 3's end game), and what arrives twice is cancelled at the slower.
 */
export class Downloads {
  readonly #metainfo: Metainfo;
  readonly #picker: Picker;
  readonly #store: Store;
  readonly #pool: PiecePool;
  readonly #memory: PieceMemory;
  readonly #events: DownloadEvents;
  readonly #blame = new Blame();
  readonly #unfinished = new Map<number, UnfinishedPiece>();
  #unwrittenBytes = 0;
  #failed = false;

  constructor(
    parts: { metainfo: Metainfo; picker: Picker; store: Store; pool: PiecePool; memory: PieceMemory },
    events: DownloadEvents,
  ) {
    this.#metainfo = parts.metainfo;
    this.#picker = parts.picker;
    this.#store = parts.store;
    this.#pool = parts.pool;
    this.#memory = parts.memory;
    this.#events = events;
  }

  /** Asks the peer for more blocks once half of what it was asked for is here. */
  fill(peer: Peer): void {
    if (peer.isClosed || peer.choking || !peer.interesting || peer.snubbed || this.#isPaused) return;
    const depth = pipelineOf(peer);
    if (peer.outstanding.size > depth / 2) return;
    const requests: BlockRequest[] = [];
    if (peer.outstanding.size === 0) peer.askedAt = peer.lastBlockAt = Date.now();
    while (peer.outstanding.size < depth) {
      const request = this.#nextRequest(peer);
      if (!request) break;
      peer.outstanding.add(request);
      requests.push(request);
    }
    if (requests.length > 0) peer.send(encodeRequests('request', requests));
  }

  /**
   * Takes a block that arrived, if it is the answer to a request; the bytes are copied. Throws BitorchError
   * `WIRE_INVALID` for a block that is never asked for, and for too many that were not.
   */
  receive(peer: Peer, index: number, begin: number, bytes: Uint8Array): void {
    const answer = { index, begin, length: bytes.length };
    if (!this.#isBlock(answer)) {
      throw new BitorchError(
        'WIRE_INVALID',
        `no request is for bytes ${begin}+${bytes.length} of piece ${index}`,
      );
    }
    if (!peer.outstanding.delete(answer)) {
      this.#unasked(peer);
      return;
    }
    peer.downloaded += bytes.length;
    peer.answered(Date.now());
    const piece = this.#unfinished.get(index);
    const block = begin / BLOCK_BYTES;
    if (piece && !piece.has(block)) this.#take(piece, block, peer, bytes);
    this.fill(peer);
  }

  /** Whether these bytes are one block of one piece, the way every piece is cut. */
  #isBlock({ index, begin, length }: BlockRequest): boolean {
    if (index >= this.#metainfo.pieceCount || begin % BLOCK_BYTES !== 0) return false;
    const size = pieceSize(this.#metainfo, index);
    return begin < size && length === Math.min(BLOCK_BYTES, size - begin);
  }

  #take(piece: UnfinishedPiece, block: number, peer: Peer, bytes: Uint8Array): void {
    piece.put(block, bytes, peer.origin);
    this.#cancelElsewhere(piece, block, peer);
    if (piece.isComplete) this.#finish(piece);
  }

  /** The peer stopped serving us, or is gone: others may have its piece. */
  abandon(peer: Peer): void {
    peer.outstanding.clear();
    this.#disown(peer);
  }

  /** Takes the pieces of a peer that owes blocks and sends none. */
  checkSnubbed(peer: Peer, now: number): void {
    if (peer.outstanding.size === 0 || now - peer.lastBlockAt < SNUB_TIMEOUT_MS) return;
    if (now - peer.lastBlockAt > SNUB_CLOSE_MS) peer.close('sends none of the blocks it was asked for');
    else if (!peer.snubbed) {
      peer.snubbed = true;
      this.#disown(peer);
    }
  }

  /** Takes pieces that have to come from one peer alone from peers that are too slow for that. */
  checkOverdue(now: number): void {
    for (const piece of this.#unfinished.values()) {
      if (!this.#blame.isSuspected(piece.index)) continue;
      for (const [owner, since] of piece.owners) {
        if (!piece.isOverdue(since, now)) continue;
        this.#blame.tooSlow(piece.index, owner.origin, now);
        this.#leave(piece, owner);
      }
    }
  }

  /** The disk is behind, or refused a piece. */
  get #isPaused(): boolean {
    return this.#failed || this.#unwrittenBytes > MAX_UNWRITTEN_BYTES;
  }

  /** Blocks cross a cancel on their way; more than that is a flood. */
  #unasked(peer: Peer): void {
    peer.unasked += BLOCK_BYTES;
    if (peer.unasked > MAX_UNASKED_BYTES) {
      throw new BitorchError('WIRE_INVALID', 'peer sends blocks that nobody asked for');
    }
  }

  #nextRequest(peer: Peer): BlockRequest | undefined {
    for (;;) {
      peer.assignment ??= this.#assign(peer);
      const { assignment } = peer;
      if (!assignment) return undefined;
      const { piece } = assignment;
      while (assignment.cursor < piece.blockCount) {
        const step = assignment.cursor++;
        const block = assignment.backwards ? piece.blockCount - 1 - step : step;
        const request = piece.request(block);
        if (!piece.has(block) && !peer.outstanding.has(request)) return request;
      }
      peer.assignment = undefined;
    }
  }

  /** The first owner goes forwards, those who help it backwards, so that they meet once. */
  #assign(peer: Peer): Peer['assignment'] {
    const piece = this.#abandoned(peer) ?? this.#begin(peer);
    if (!piece) return undefined;
    const backwards = piece.owners.size > 0;
    piece.owners.set(peer, Date.now());
    return { piece, cursor: 0, backwards };
  }

  #abandoned(peer: Peer): UnfinishedPiece | undefined {
    for (const piece of this.#unfinished.values()) {
      if (piece.owners.size === 0 && peer.has!.has(piece.index)) return piece;
    }
    return undefined;
  }

  /** A piece that nobody works on, or one to help with if all of its priority are being worked on. */
  #begin(peer: Peer): UnfinishedPiece | undefined {
    const shared = this.#shareable(peer);
    const last = shared ? this.#picker.classOf(shared.index) : LAST_CLASS;
    const index = this.#hasMemory
      ? this.#picker.pick(peer.has!, last, (piece) => this.#mayBegin(peer, piece))
      : undefined;
    if (index === undefined) return shared;
    const piece = new UnfinishedPiece(index, this.#pool.take(pieceSize(this.#metainfo, index)));
    this.#unfinished.set(index, piece);
    this.#noteMemory();
    return piece;
  }

  get #hasMemory(): boolean {
    return this.#unfinished.size * this.#metainfo.pieceLength < this.#memory.shareOf(this);
  }

  #noteMemory(): void {
    this.#memory.note(this, this.#unfinished.size * this.#metainfo.pieceLength);
  }

  /** The torrent stops: what was on its way is let go. */
  stop(): void {
    for (const piece of this.#unfinished.values()) piece.buffer.release();
    this.#unfinished.clear();
    this.#noteMemory();
    this.#pool.close();
  }

  /** Pieces that nobody can help with may come slowly: they take half of the memory at most. */
  #mayBegin(peer: Peer, index: number): boolean {
    if (!this.#blame.isSuspected(index)) return true;
    const alone = [...this.#unfinished.keys()].filter((piece) => this.#blame.isSuspected(piece)).length;
    const hasMemory = alone * this.#metainfo.pieceLength < this.#memory.shareOf(this) / 2;
    return hasMemory && this.#blame.mayGiveAlone(index, peer.origin, Date.now());
  }

  /** The unfinished piece of the earliest class with the fewest owners that this peer could help with. */
  #shareable(peer: Peer): UnfinishedPiece | undefined {
    const now = Date.now();
    const pieces = [...this.#unfinished.values()];
    if (pieces.some((piece) => piece.isLate(peer, now))) return undefined;
    let best: UnfinishedPiece | undefined;
    const rank = (piece: UnfinishedPiece) =>
      this.#picker.classOf(piece.index) * MAX_OWNERS + piece.timelyOwners(now);
    for (const piece of pieces) {
      if (!this.#mayHelp(peer, piece, now) || !peer.has!.has(piece.index)) continue;
      if (!best || rank(piece) < rank(best)) best = piece;
    }
    return best;
  }

  /** A peer that is much faster than all who work on a piece need not wait until they have had their time. */
  #mayHelp(peer: Peer, piece: UnfinishedPiece, now: number): boolean {
    if (piece.owners.has(peer) || this.#blame.isSuspected(piece.index)) return false;
    const rate = peer.down.bytesPerSecond;
    const isFaster = () =>
      [...piece.owners.keys()].every(({ down }) => rate > MUCH_FASTER * down.bytesPerSecond);
    return piece.timelyOwners(now) < MAX_OWNERS || isFaster();
  }

  #cancelElsewhere(piece: UnfinishedPiece, block: number, sender: Peer): void {
    if (piece.owners.size < 2) return;
    const request = piece.request(block);
    for (const owner of piece.owners.keys()) {
      if (owner !== sender && owner.outstanding.delete(request))
        owner.send(encodeRequests('cancel', [request]));
    }
  }

  #disown(peer: Peer): void {
    for (const piece of this.#unfinished.values()) this.#leave(piece, peer);
    peer.assignment = undefined;
  }

  /** A piece that nobody works on is put back if nothing of it is here, or if it must come from one peer alone. */
  #leave(piece: UnfinishedPiece, peer: Peer): void {
    if (!piece.owners.delete(peer) || piece.owners.size > 0) return;
    if (peer.assignment?.piece === piece) peer.assignment = undefined;
    if (!piece.isEmpty && !this.#blame.isSuspected(piece.index)) return;
    this.#unfinished.delete(piece.index);
    this.#noteMemory();
    this.#picker.release(piece.index);
    piece.buffer.release();
  }

  #finish(piece: UnfinishedPiece): void {
    this.#unfinished.delete(piece.index);
    this.#noteMemory();
    for (const owner of piece.owners.keys())
      if (owner.assignment?.piece === piece) owner.assignment = undefined;
    void this.#keep(piece);
  }

  #accuse(guilty: string[]): void {
    if (guilty.length > 0) this.#events.onGuilty(guilty);
  }

  async #keep(piece: UnfinishedPiece): Promise<void> {
    this.#unwrittenBytes += piece.bytes.length;
    const isGood = await this.#store.keepPiece(piece.index, piece.bytes).catch((error: unknown) => {
      this.#failed = true;
      this.#events.onFailure(error);
      return undefined;
    });
    this.#unwrittenBytes -= piece.bytes.length;
    if (isGood) {
      this.#accuse(this.#blame.good(piece));
      this.#events.onPiece(piece.index, piece.buffer);
    } else {
      this.#picker.release(piece.index);
      if (isGood === false) this.#accuse(this.#blame.bad(piece));
    }
    piece.buffer.release();
  }
}

/**
 * Blocks to have on the way: four times what the peer delivers in a round trip, so that it never idles and its rate can
 * grow. Not more, or a fast seed's deep queue would leave nothing to be asked of other leechers; and not more than the
 * peer keeps.
 */
function pipelineOf(peer: Peer): number {
  const blocks = (4 * peer.roundTripMs * peer.down.bytesPerSecond) / 1000 / BLOCK_BYTES;
  return Math.min(peer.requestLimit, MAX_PIPELINE, Math.max(MIN_PIPELINE, Math.ceil(blocks)));
}
