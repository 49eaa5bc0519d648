import type { Socket } from 'node:net';
import { BitorchError, toHex } from '#base';
import type { Bitfield } from './bitfield.ts';
import {
  HANDSHAKE_TIMEOUT_MS,
  IDLE_TIMEOUT_MS,
  KEEP_ALIVE_MS,
  MAX_QUEUED_REQUESTS,
  MAX_REQUEST_BYTES,
  MAX_UNSENT_BYTES,
} from './constants.ts';
import type { PieceBuffer } from './piece-pool.ts';
import { Rate } from './rate.ts';
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

/** Who a connection reports to: the swarm until the torrent is known, then that torrent. */
export interface PeerOwner {
  /** A dialled connection stands; nothing has been said. */
  onConnect(peer: Peer): void;
  onHandshake(peer: Peer, handshake: Handshake): void;
  onMessage(peer: Peer, message: WireMessage): void;
  /** The socket has room again. */
  onDrain(peer: Peer): void;
  onClose(peer: Peer, reason: unknown): void;
}

/** One connection to another client, and what both sides know of each other. */
export class Peer {
  readonly outgoing: boolean;
  /** `host:port` that was dialled, or the remote end of an accepted connection. */
  readonly address: string;
  owner: PeerOwner;
  /** Hexadecimal peer id; empty before the handshake. */
  id = '';
  infohash: Uint8Array | undefined;

  /** What the other side has; undefined until a torrent takes the connection. */
  has: Bitfield | undefined;
  /** Pieces that we want and only others have, of which this peer has some. */
  useful = 0;
  choking = true;
  choked = true;
  interesting = false;
  interested = false;
  snubbed = false;
  /** Whether we have all we want from this peer's torrent and only give. */
  seeding = false;

  /** Payload bytes. */
  downloaded = 0;
  uploaded = 0;
  unasked = 0;
  readonly down = new Rate();
  readonly up = new Rate();

  /** Blocks asked for and not here yet, by key of the downloads. */
  readonly outstanding = new Set<number>();
  /** The piece this peer works on, and the next block to ask for. */
  assignment: { piece: UnfinishedPiece; cursor: number; backwards: boolean } | undefined;
  lastBlockAt = Date.now();
  /** When a request was sent to the idle peer, until it is answered; 0 otherwise. */
  askedAt = 0;
  /** Shortest time that the idle peer took to answer. */
  roundTripMs = 1000;
  /** What the peer asked for and did not get yet. */
  readonly queue: BlockRequest[] = [];
  serving = false;

  readonly #socket: Socket;
  readonly #parser: WireParser;
  #handshakeTimer: NodeJS.Timeout | undefined;
  #lastSentAt = Date.now();
  #corked = false;
  #closed = false;

  constructor(socket: Socket, address: string, outgoing: boolean, owner: PeerOwner) {
    this.#socket = socket;
    this.address = address;
    this.outgoing = outgoing;
    this.owner = owner;
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
    socket.on('drain', () => this.owner.onDrain(this));
    socket.on('error', (error) => this.close(error));
    socket.on('close', () => this.close('connection closed'));
    this.#handshakeTimer = setTimeout(() => this.close('no handshake in time'), HANDSHAKE_TIMEOUT_MS);
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Bytes handed to the socket and not sent yet. */
  get unsent(): number {
    return this.#socket.writableLength;
  }

  /** For the choker: what the peer gives, or takes when there is nothing left to get. */
  get worth(): number {
    return this.seeding ? this.up.bytesPerSecond : this.down.bytesPerSecond;
  }

  get hasRoom(): boolean {
    return this.unsent < MAX_UNSENT_BYTES;
  }

  allowBitfield(bytes: number): void {
    this.#parser.allowBitfield(bytes);
  }

  /** What the socket read; whatever is wrong with it closes this connection and nothing else. */
  receive(chunk: Buffer): void {
    if (this.#closed) return;
    try {
      this.#parser.push(chunk);
    } catch (error) {
      this.close(error);
    }
  }

  /** Queues control bytes; everything that is sent in one turn leaves in one write. */
  send(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#cork();
    this.#socket.write(bytes);
  }

  sendHandshake(handshake: Handshake): void {
    this.send(encodeHandshake(handshake));
  }

  sendBlock(request: BlockRequest, piece: PieceBuffer): void {
    const { begin, length } = request;
    this.send(encodeBlockHeader(request));
    piece.hold();
    this.#socket.write(piece.bytes.subarray(begin, begin + length), piece.release);
    this.uploaded += request.length;
  }

  setChoking(choked: boolean): void {
    if (this.choked === choked) return;
    this.choked = choked;
    if (choked) this.queue.length = 0;
    this.send(encodeSignal(choked ? 'choke' : 'unchoke'));
  }

  setInteresting(interesting: boolean): void {
    if (this.interesting === interesting) return;
    this.interesting = interesting;
    this.send(encodeSignal(interesting ? 'interested' : 'not-interested'));
  }

  /** Remembers a request; throws BitorchError `WIRE_INVALID` for what no sane client asks. */
  enqueue({ index, begin, length }: BlockRequest): void {
    if (length === 0 || length > MAX_REQUEST_BYTES || this.queue.length >= MAX_QUEUED_REQUESTS) {
      throw new BitorchError('WIRE_INVALID', `request of ${length} bytes, ${this.queue.length} waiting`);
    }
    this.queue.push({ index, begin, length });
  }

  forget({ index, begin, length }: BlockRequest): void {
    const at = this.queue.findIndex((r) => r.index === index && r.begin === begin && r.length === length);
    if (at >= 0) this.queue.splice(at, 1);
  }

  /** A block that was asked for arrived. */
  answered(now: number): void {
    if (this.askedAt > 0) this.roundTripMs = Math.min(this.roundTripMs, now - this.askedAt);
    this.askedAt = 0;
    this.lastBlockAt = now;
    this.snubbed = false;
  }

  tick(now: number, elapsedMs: number): void {
    this.down.sample(this.downloaded, elapsedMs);
    this.up.sample(this.uploaded, elapsedMs);
    if (now - this.#lastSentAt > KEEP_ALIVE_MS) this.send(encodeSignal('keep-alive'));
  }

  /** Idempotent, and at once even where dismiss() still waits. The owner hears of it once. */
  close(reason: unknown): void {
    this.#socket.destroy();
    this.#end(reason);
  }

  /** Closes once our handshake is out, so that the other side learns whom it reached. */
  dismiss(reason: string): void {
    this.#socket.destroySoon();
    this.#end(reason);
  }

  #end(reason: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#handshakeTimer);
    this.#parser.stop();
    this.owner.onClose(this, reason);
  }

  #cork(): void {
    this.#lastSentAt = Date.now();
    if (this.#corked) return;
    this.#corked = true;
    this.#socket.cork();
    process.nextTick(() => {
      this.#corked = false;
      this.#socket.uncork();
    });
  }
}
