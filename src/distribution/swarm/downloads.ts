import { BitorchError } from '#base';
import { type Metainfo, pieceSize } from '../metainfo.ts';
import { Blame } from './blame.ts';
import {
  BLOCK_BYTES,
  MAX_OWNERS,
  MAX_PIPELINE,
  MAX_UNREQUESTED_BYTES,
  MAX_UNWRITTEN_BYTES,
  MIN_PIPELINE,
  SNUB_CLOSE_MS,
  SNUB_TIMEOUT_MS,
} from './constants.ts';
import type { Peer } from './peer.ts';
import { LAST_CLASS, type Picker } from './picker.ts';
import type { PieceMemory } from './piece-memory.ts';
import type { PieceBuffer, PiecePool } from './piece-pool.ts';
import { RateLimit } from './rate-limit.ts';
import type { Store } from './store.ts';
import { UnfinishedPiece } from './unfinished-piece.ts';
import { type BlockRequest, encodeRequests } from './wire.ts';

/** Factor by which a peer's rate must exceed the owners' rates for it to help early. */
const MUCH_FASTER = 4;

export interface DownloadEvents {
  /** The piece is verified and on disk. */
  onPiece(index: number, piece: PieceBuffer): void;
  /** Peers of these origins sent corrupt data. */
  onGuilty(origins: string[]): void;
  /** Writing a piece to disk failed. */
  onFailure(error: unknown): void;
}

/**
 * Downloads wanted pieces. A piece belongs to one connection. A peer that cannot begin another piece of the same priority
 * helps with unfinished ones (end game, BEP 3); blocks that arrive are cancelled at the other peers.
 */
export class Downloads {
  readonly #metainfo: Metainfo;
  readonly #picker: Picker;
  readonly #store: Store;
  readonly #pool: PiecePool;
  readonly #memory: PieceMemory;
  readonly #limit: RateLimit;
  readonly #events: DownloadEvents;
  readonly #blame = new Blame();
  readonly #unfinished = new Map<number, UnfinishedPiece<Peer>>();
  #unwrittenBytes = 0;
  #failed = false;

  constructor(
    parts: {
      metainfo: Metainfo;
      picker: Picker;
      store: Store;
      pool: PiecePool;
      memory: PieceMemory;
      /** The node's download limit. */
      limit?: RateLimit;
    },
    events: DownloadEvents,
  ) {
    this.#metainfo = parts.metainfo;
    this.#picker = parts.picker;
    this.#store = parts.store;
    this.#pool = parts.pool;
    this.#memory = parts.memory;
    this.#limit = parts.limit ?? new RateLimit();
    this.#events = events;
  }

  /** Requests more blocks from the peer once half of its outstanding requests are answered, as far as the limit allows. */
  fill(peer: Peer): void {
    if (peer.isClosed || peer.choking || !peer.interesting || peer.snubbed || this.#isPaused) return;
    const depth = pipelineOf(peer);
    if (peer.outstanding.size > depth / 2) return;
    if (!this.#limit.isOpen) {
      this.#limit.wait(peer, () => this.fill(peer));
      return;
    }
    const requests: BlockRequest[] = [];
    if (peer.outstanding.size === 0) peer.askedAt = peer.lastBlockAt = Date.now();
    while (peer.outstanding.size < depth && this.#limit.isOpen) {
      const request = this.#nextRequest(peer);
      if (!request) break;
      peer.outstanding.add(request);
      requests.push(request);
      this.#limit.take(request.length);
    }
    if (!this.#limit.isOpen) this.#limit.wait(peer, () => this.fill(peer));
    if (requests.length > 0) peer.send(encodeRequests('request', requests));
  }

  /**
   * Accepts a block if it was requested; the bytes are copied. Throws WIRE_INVALID for a range that is never requested, and
   * for too many unrequested blocks.
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
      this.#countUnrequested(peer);
      return;
    }
    peer.downloaded += bytes.length;
    peer.answered(Date.now());
    const piece = this.#unfinished.get(index);
    const block = begin / BLOCK_BYTES;
    if (piece && !piece.has(block)) this.#take(piece, block, peer, bytes);
    this.fill(peer);
  }

  /** Whether the range is exactly one block of a piece. */
  #isBlock({ index, begin, length }: BlockRequest): boolean {
    if (index >= this.#metainfo.pieceCount || begin % BLOCK_BYTES !== 0) return false;
    const size = pieceSize(this.#metainfo, index);
    return begin < size && length === Math.min(BLOCK_BYTES, size - begin);
  }

  #take(piece: UnfinishedPiece<Peer>, block: number, peer: Peer, bytes: Uint8Array): void {
    piece.put(block, bytes, peer.origin);
    this.#cancelElsewhere(piece, block, peer);
    if (piece.isComplete) this.#finish(piece);
  }

  /** The peer choked us or disconnected: others may take over its piece. */
  abandon(peer: Peer): void {
    peer.outstanding.clear();
    this.#disown(peer);
  }

  /** Takes the pieces from a peer that owes blocks and sends none; disconnects it after `SNUB_CLOSE_MS`. */
  checkSnubbed(peer: Peer, now: number): void {
    if (peer.outstanding.size === 0 || now - peer.lastBlockAt < SNUB_TIMEOUT_MS) return;
    if (now - peer.lastBlockAt > SNUB_CLOSE_MS) peer.close('does not answer requests');
    else if (!peer.snubbed) {
      peer.snubbed = true;
      this.#disown(peer);
    }
  }

  /** Takes pieces that must come from a single peer away from peers that are too slow. */
  checkOverdue(now: number): void {
    for (const piece of this.#unfinished.values()) {
      if (!this.#blame.isSuspected(piece.index)) continue;
      for (const [owner, since] of piece.owners) {
        if (!piece.isOverdue(since, now)) continue;
        this.#blame.tooSlow(piece.index, owner.origin, now);
        this.#removeOwner(piece, owner);
      }
    }
  }

  /** Whether the disk is behind, or has failed. */
  get #isPaused(): boolean {
    return this.#failed || this.#unwrittenBytes > MAX_UNWRITTEN_BYTES;
  }

  /** Blocks may cross a cancel message; many more than that are a flood. */
  #countUnrequested(peer: Peer): void {
    peer.unrequested += BLOCK_BYTES;
    if (peer.unrequested > MAX_UNREQUESTED_BYTES) {
      throw new BitorchError('WIRE_INVALID', 'peer sends unrequested blocks');
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

  /** The first owner requests blocks forwards and helpers backwards, so that they meet only once. */
  #assign(peer: Peer): Peer['assignment'] {
    const piece = this.#abandoned(peer) ?? this.#begin(peer);
    if (!piece) return undefined;
    const backwards = piece.owners.size > 0;
    piece.owners.set(peer, Date.now());
    return { piece, cursor: 0, backwards };
  }

  #abandoned(peer: Peer): UnfinishedPiece<Peer> | undefined {
    for (const piece of this.#unfinished.values()) {
      if (piece.owners.size === 0 && peer.has!.has(piece.index)) return piece;
    }
    return undefined;
  }

  /** Begins a new piece, or returns one to help with if all of its priority have been begun. */
  #begin(peer: Peer): UnfinishedPiece<Peer> | undefined {
    const shared = this.#shareable(peer);
    const last = shared ? this.#picker.classOf(shared.index) : LAST_CLASS;
    const index = this.#hasMemory
      ? this.#picker.pick(peer.has!, last, (piece) => this.#mayBegin(peer, piece))
      : undefined;
    if (index === undefined) return shared;
    const piece = new UnfinishedPiece<Peer>(index, this.#pool.take(pieceSize(this.#metainfo, index)));
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

  /** The torrent stops: discards unfinished pieces. */
  stop(): void {
    for (const piece of this.#unfinished.values()) piece.buffer.release();
    this.#unfinished.clear();
    this.#noteMemory();
    this.#pool.close();
  }

  /** Pieces that must come from a single peer may be slow, so they may take at most half of the memory. */
  #mayBegin(peer: Peer, index: number): boolean {
    if (!this.#blame.isSuspected(index)) return true;
    const alone = [...this.#unfinished.keys()].filter((piece) => this.#blame.isSuspected(piece)).length;
    const hasMemory = alone * this.#metainfo.pieceLength < this.#memory.shareOf(this) / 2;
    return hasMemory && this.#blame.mayDeliverAlone(index, peer.origin, Date.now());
  }

  /** The unfinished piece this peer can help with: of the earliest class, then with the fewest owners. */
  #shareable(peer: Peer): UnfinishedPiece<Peer> | undefined {
    const now = Date.now();
    const pieces = [...this.#unfinished.values()];
    if (pieces.some((piece) => piece.isLate(peer, now))) return undefined;
    let best: UnfinishedPiece<Peer> | undefined;
    const rank = (piece: UnfinishedPiece<Peer>) =>
      this.#picker.classOf(piece.index) * MAX_OWNERS + piece.timelyOwners(now);
    for (const piece of pieces) {
      if (!this.#mayHelp(peer, piece, now) || !peer.has!.has(piece.index)) continue;
      if (!best || rank(piece) < rank(best)) best = piece;
    }
    return best;
  }

  /** A peer that is much faster than all owners of a piece may help before their time is over. */
  #mayHelp(peer: Peer, piece: UnfinishedPiece<Peer>, now: number): boolean {
    if (piece.owners.has(peer) || this.#blame.isSuspected(piece.index)) return false;
    const rate = peer.down.bytesPerSecond;
    const isFaster = () =>
      [...piece.owners.keys()].every(({ down }) => rate > MUCH_FASTER * down.bytesPerSecond);
    return piece.timelyOwners(now) < MAX_OWNERS || isFaster();
  }

  #cancelElsewhere(piece: UnfinishedPiece<Peer>, block: number, sender: Peer): void {
    if (piece.owners.size < 2) return;
    const request = piece.request(block);
    for (const owner of piece.owners.keys()) {
      if (owner !== sender && owner.outstanding.delete(request))
        owner.send(encodeRequests('cancel', [request]));
    }
  }

  #disown(peer: Peer): void {
    for (const piece of this.#unfinished.values()) this.#removeOwner(piece, peer);
    peer.assignment = undefined;
  }

  /** A piece without owners is dropped if it has no blocks yet, or must come from a single peer. */
  #removeOwner(piece: UnfinishedPiece<Peer>, peer: Peer): void {
    if (!piece.owners.delete(peer) || piece.owners.size > 0) return;
    if (peer.assignment?.piece === piece) peer.assignment = undefined;
    if (!piece.isEmpty && !this.#blame.isSuspected(piece.index)) return;
    this.#unfinished.delete(piece.index);
    this.#noteMemory();
    this.#picker.release(piece.index);
    piece.buffer.release();
  }

  #finish(piece: UnfinishedPiece<Peer>): void {
    this.#unfinished.delete(piece.index);
    this.#noteMemory();
    for (const owner of piece.owners.keys())
      if (owner.assignment?.piece === piece) owner.assignment = undefined;
    void this.#keep(piece);
  }

  #accuse(guilty: string[]): void {
    if (guilty.length > 0) this.#events.onGuilty(guilty);
  }

  async #keep(piece: UnfinishedPiece<Peer>): Promise<void> {
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
 * Number of blocks to keep outstanding: four times what the peer delivers in a round trip, so that it never idles and its
 * rate can grow. Not more, since a fast seed's deep queue would leave nothing to request from other leechers, and never
 * more than the peer's own request queue holds.
 */
function pipelineOf(peer: Peer): number {
  const blocks = (4 * peer.roundTripMs * peer.down.bytesPerSecond) / 1000 / BLOCK_BYTES;
  return Math.min(peer.requestLimit, MAX_PIPELINE, Math.max(MIN_PIPELINE, Math.ceil(blocks)));
}
