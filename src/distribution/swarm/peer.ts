import { BitorchError, type Place, toHex } from '#base';
import type { MemoryCharge } from '#network/memory';
import type { Bitfield } from './bitfield.ts';
import {
  CONNECTION_BYTES,
  DEFAULT_REQUEST_LIMIT,
  HANDSHAKE_TIMEOUT_MS,
  IDLE_TIMEOUT_MS,
  KEEP_ALIVE_MS,
  MAX_REFUSED_REQUESTS,
  MAX_REQUEST_BYTES,
  PLACE_GRACE_MS,
  PLACE_USE_BYTES_PER_SECOND,
  WRITE_STALL_MS,
} from './constants.ts';
import { Outbox } from './outbox.ts';
import { Outstanding } from './outstanding.ts';
import type { PieceBuffer } from './piece-pool.ts';
import { Rate } from './rate.ts';
import type { RemoteEnd } from './remote-end.ts';
import type { RequestQueue } from './request-queue.ts';
import type { WireSocket } from './sockets.ts';
import { TokenBucket } from './token-bucket.ts';
import type { UnfinishedPiece } from './unfinished-piece.ts';
import {
  type BlockRequest,
  encodeBlockHeader,
  encodeHandshake,
  encodeSignal,
  type Handshake,
  type WireMessage,
  WireParser,
} from './wire.ts';

/** Receives a connection's events: the swarm until the torrent is known, then that torrent. */
export interface PeerOwner {
  /** A dialled connection is established; no bytes have been sent. */
  onConnect(peer: Peer): void;
  onHandshake(peer: Peer, handshake: Handshake): void;
  onMessage(peer: Peer, message: WireMessage): void;
  /** The socket accepts more data again. */
  onRoom(peer: Peer): void;
  onClose(peer: Peer, reason: unknown): void;
}

/** One connection to another client, with the protocol state of both sides. */
export class Peer implements Place {
  readonly end: RemoteEnd;
  readonly openedAt = Date.now();
  owner: PeerOwner;
  /** Hexadecimal peer id as claimed in the handshake; empty before it. */
  id = '';
  infohash: Uint8Array | undefined;

  /** Pieces the peer has; undefined until a torrent takes the connection. */
  has: Bitfield | undefined;
  /** The peer's unanswered requests; undefined until a torrent takes the connection. */
  queue: RequestQueue | undefined;
  /** How many of the torrent's verified pieces have been announced to the peer, in order of verification. */
  announced = 0;
  /** Number of wanted, missing pieces that the peer has. */
  useful = 0;
  choking = true;
  choked = true;
  interesting = false;
  interested = false;
  snubbed = false;
  /** Whether we have all wanted pieces and only upload. */
  seeding = false;

  /** Payload bytes; `downloaded` counts only requested blocks. */
  downloaded = 0;
  uploaded = 0;
  unrequested = 0;
  readonly down = new Rate();
  readonly up = new Rate();

  readonly outstanding = new Outstanding();
  /** Length of the peer's request queue. */
  requestLimit = DEFAULT_REQUEST_LIMIT;
  /** The piece this peer works on, and the next block to request. */
  assignment: { piece: UnfinishedPiece<Peer>; cursor: number; backwards: boolean } | undefined;
  lastBlockAt = Date.now();
  /** When a request was sent to a peer with none outstanding, until it is answered; 0 otherwise. */
  askedAt = 0;
  /** Shortest time in which such a request was answered. */
  roundTripMs = 1000;
  serving = false;

  readonly #socket: WireSocket;
  readonly #parser: WireParser;
  readonly #outbox: Outbox;
  readonly #memory: MemoryCharge;
  readonly #bucket = new TokenBucket();
  #refused = 0;
  #handshakeTimer: NodeJS.Timeout | undefined;
  #closed = false;

  /** `memory` is charged what the connection makes this node hold. */
  constructor(
    socket: WireSocket,
    end: RemoteEnd,
    { owner, memory }: { owner: PeerOwner; memory: MemoryCharge },
  ) {
    this.#socket = socket;
    this.#memory = memory;
    this.end = end;
    this.owner = owner;
    this.#outbox = new Outbox(socket, () => this.#closed || this.owner.onRoom(this), memory);
    this.#parser = new WireParser({
      onHandshake: (handshake) => {
        clearTimeout(this.#handshakeTimer);
        this.id = toHex(handshake.peerId);
        this.infohash = handshake.infohash;
        this.owner.onHandshake(this, handshake);
      },
      onMessage: (message) => this.owner.onMessage(this, message),
    });
    socket.setNoDelay(true);
    socket.setTimeout(IDLE_TIMEOUT_MS, () => this.close('silent for too long'));
    socket.once('connect', () => this.owner.onConnect(this));
    socket.on('error', (error) => this.close(error));
    socket.on('close', () => this.close('connection closed'));
    this.#handshakeTimer = setTimeout(() => this.close('no handshake in time'), HANDSHAKE_TIMEOUT_MS);
  }

  /** Charges the fixed memory of the connection, closing it when that is beyond its budget. */
  charge(): void {
    try {
      this.#memory.add(CONNECTION_BYTES);
    } catch (error) {
      this.close(error);
    }
  }

  get outgoing(): boolean {
    return this.end.outgoing;
  }

  get address(): string {
    return this.end.address;
  }

  get groups(): readonly string[] {
    return this.end.groups;
  }

  get network(): string {
    return this.end.network;
  }

  get origin(): string {
    return this.end.origin;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  get hasRoom(): boolean {
    return this.#outbox.hasRoom;
  }

  /** Rank for the choker: the download rate, or the upload rate when seeding. */
  get rank(): number {
    return this.seeding ? this.up.bytesPerSecond : this.down.bytesPerSecond;
  }

  get isIdle(): boolean {
    return this.worth < PLACE_USE_BYTES_PER_SECOND && Date.now() - this.openedAt >= PLACE_GRACE_MS;
  }

  /** Recent payload bytes per second in both directions; 0 when neither side is interested. */
  get worth(): number {
    return this.interested || this.interesting ? this.down.bytesPerSecond + this.up.bytesPerSecond : 0;
  }

  allowBitfield(bytes: number): void {
    this.#parser.allowBitfield(bytes);
  }

  /** Processes bytes from the socket. Any error closes this connection only. */
  receive(chunk: Buffer): void {
    try {
      this.#parser.push(chunk);
    } catch (error) {
      this.close(error);
    }
  }

  /** Charges a message that changed nothing. Throws WIRE_INVALID when there are too many. */
  chargeIdle(cost = 1): void {
    this.#bucket.spend(cost, Date.now());
  }

  /** Queues a control message. Disconnects a peer that makes us queue more than it reads. */
  send(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#write([bytes]);
    if (this.#outbox.isOverfull) this.close('does not read what it is sent');
  }

  sendHandshake(handshake: Omit<Handshake, 'extended'>): void {
    this.send(encodeHandshake(handshake));
  }

  /** Sends a block at `offset` of a buffer, which is held until the block has been sent. */
  sendBlock(request: BlockRequest, buffer: PieceBuffer, offset: number): void {
    if (this.#closed) return;
    buffer.hold();
    const block = buffer.bytes.subarray(offset, offset + request.length);
    this.#write([encodeBlockHeader(request), block], buffer.release);
    this.uploaded += request.length;
    this.#refused = Math.max(0, this.#refused - 1);
  }

  #write(parts: readonly Uint8Array[], onSent?: () => void): void {
    try {
      this.#outbox.write(parts, onSent);
    } catch (error) {
      onSent?.();
      this.close(error);
    }
  }

  setChoking(choked: boolean): void {
    if (this.choked === choked) return;
    this.choked = choked;
    if (choked) this.queue?.clear();
    this.send(encodeSignal(choked ? 'choke' : 'unchoke'));
  }

  setInteresting(interesting: boolean): void {
    if (this.interesting === interesting) return;
    this.interesting = interesting;
    this.send(encodeSignal(interesting ? 'interested' : 'not-interested'));
  }

  /**
   * Queues a request. One that does not fit is dropped, since the peer knows the length of the queue. Throws WIRE_INVALID
   * for sizes that no client requests, and for too many dropped requests.
   */
  enqueue(request: BlockRequest): void {
    if (request.length === 0 || request.length > MAX_REQUEST_BYTES) {
      throw new BitorchError('WIRE_INVALID', `request of ${request.length} bytes`);
    }
    if (this.queue!.add(request)) return;
    if (++this.#refused > MAX_REFUSED_REQUESTS) {
      throw new BitorchError('WIRE_INVALID', `${this.#refused} requests over the limit`);
    }
  }

  /** Records that a requested block arrived. */
  answered(now: number): void {
    if (this.askedAt > 0) this.roundTripMs = Math.min(this.roundTripMs, now - this.askedAt);
    this.askedAt = 0;
    this.lastBlockAt = now;
    this.snubbed = false;
  }

  tick(now: number, elapsedMs: number): void {
    this.down.sample(this.downloaded, elapsedMs);
    this.up.sample(this.uploaded, elapsedMs);
    if (this.#outbox.stalledMs(now) > WRITE_STALL_MS) this.close('does not read what it is sent');
    if (now - this.#outbox.lastWriteAt > KEEP_ALIVE_MS) this.send(encodeSignal('keep-alive'));
  }

  /** Closes the connection immediately, even if dismiss() is still flushing. Idempotent; the owner is notified once. */
  close(reason: unknown): void {
    this.#socket.destroy();
    this.#end(reason);
  }

  /** Closes the connection once our handshake has been sent, so that the peer learns whom it reached. */
  dismiss(reason: string): void {
    this.#socket.destroySoon();
    this.#end(reason);
  }

  #end(reason: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#handshakeTimer);
    this.#parser.stop();
    this.#memory.clear();
    this.owner.onClose(this, reason);
  }
}
