import type { Socket } from 'node:net';
import { BitorchError, toHex } from '#base';
import { addressGroup, scopeOfRemote } from '#network/addresses';
import { addressOf } from './address-book.ts';
import type { Bitfield } from './bitfield.ts';
import type { LimitedConnection } from './connection-limits.ts';
import {
  DEFAULT_REQUEST_LIMIT,
  HANDSHAKE_TIMEOUT_MS,
  IDLE_TIMEOUT_MS,
  KEEP_ALIVE_MS,
  MAX_REFUSED_REQUESTS,
  MAX_REQUEST_BYTES,
  WRITE_STALL_MS,
} from './constants.ts';
import { Outbox } from './outbox.ts';
import { Outstanding } from './outstanding.ts';
import type { PieceBuffer } from './piece-pool.ts';
import { Rate } from './rate.ts';
import type { RequestQueue } from './request-queue.ts';
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

/** Who a connection reports to: the swarm until the torrent is known, then that torrent. */
export interface PeerOwner {
  /** A dialled connection stands; nothing has been said. */
  onConnect(peer: Peer): void;
  onHandshake(peer: Peer, handshake: Handshake): void;
  onMessage(peer: Peer, message: WireMessage): void;
  /** The socket has room again. */
  onRoom(peer: Peer): void;
  onClose(peer: Peer, reason: unknown): void;
}

/** The other end of a connection. */
export interface RemoteEnd {
  readonly host: string;
  readonly port: number;
  /** Whether we dialled it: only then the port is the one that it listens on. */
  readonly outgoing: boolean;
}

/** One connection to another client, and what both sides know of each other. */
export class Peer implements LimitedConnection {
  readonly outgoing: boolean;
  /** `host:port` that was dialled, or the remote end of an accepted connection. */
  readonly address: string;
  readonly network: string;
  readonly origin: string;
  readonly openedAt = Date.now();
  owner: PeerOwner;
  /** Hexadecimal peer id, as the other side claims it; empty before the handshake. */
  id = '';
  infohash: Uint8Array | undefined;

  /** What the other side has; undefined until a torrent takes the connection. */
  has: Bitfield | undefined;
  /** What it asked for and did not get yet; undefined until then, too. */
  queue: RequestQueue | undefined;
  /** How many of the torrent's verified pieces it has been told of, in the order of their coming. */
  announced = 0;
  /** Pieces that we want and only others have, of which this peer has some. */
  useful = 0;
  choking = true;
  choked = true;
  interesting = false;
  interested = false;
  snubbed = false;
  /** Whether we have all we want from this peer's torrent and only give. */
  seeding = false;

  /** Payload bytes, of those that came only what was asked for. */
  downloaded = 0;
  uploaded = 0;
  unasked = 0;
  readonly down = new Rate();
  readonly up = new Rate();

  readonly outstanding = new Outstanding();
  /** How many requests the peer keeps waiting. */
  requestLimit = DEFAULT_REQUEST_LIMIT;
  /** The piece this peer works on, and the next block to ask for. */
  assignment: { piece: UnfinishedPiece; cursor: number; backwards: boolean } | undefined;
  lastBlockAt = Date.now();
  /** When a request was sent to the idle peer, until it is answered; 0 otherwise. */
  askedAt = 0;
  /** Shortest time that the idle peer took to answer. */
  roundTripMs = 1000;
  serving = false;

  readonly #socket: Socket;
  readonly #parser: WireParser;
  readonly #outbox: Outbox;
  readonly #bucket = new TokenBucket();
  #refused = 0;
  #handshakeTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(socket: Socket, { host, port, outgoing }: RemoteEnd, owner: PeerOwner) {
    this.#socket = socket;
    this.address = addressOf({ host, port });
    this.network = addressGroup(host);
    this.origin = originOf({ host, port });
    this.outgoing = outgoing;
    this.owner = owner;
    this.#outbox = new Outbox(socket, () => this.#closed || this.owner.onRoom(this));
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

  get isClosed(): boolean {
    return this.#closed;
  }

  get hasRoom(): boolean {
    return this.#outbox.hasRoom;
  }

  /** For the choker: what the peer gives, or takes when there is nothing left to get. */
  get worth(): number {
    return this.seeding ? this.up.bytesPerSecond : this.down.bytesPerSecond;
  }

  get use(): number {
    return this.interested || this.interesting ? this.down.bytesPerSecond + this.up.bytesPerSecond : 0;
  }

  allowBitfield(bytes: number): void {
    this.#parser.allowBitfield(bytes);
  }

  /** What the socket read; whatever is wrong with it closes this connection and nothing else. */
  receive(chunk: Buffer): void {
    try {
      this.#parser.push(chunk);
    } catch (error) {
      this.close(error);
    }
  }

  /** Charges a message that changed nothing. Throws BitorchError `WIRE_INVALID` when there are too many. */
  idle(cost = 1): void {
    this.#bucket.spend(cost, Date.now());
  }

  /** Queues control bytes. A peer that makes us queue more than it reads is disconnected. */
  send(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#outbox.write([bytes]);
    if (this.#outbox.isOverfull) this.close('does not read what it is sent');
  }

  sendHandshake(handshake: Omit<Handshake, 'extended'>): void {
    this.send(encodeHandshake(handshake));
  }

  /** Sends a block that lies at `offset` of a buffer, which is held until the block is out. */
  sendBlock(request: BlockRequest, buffer: PieceBuffer, offset: number): void {
    if (this.#closed) return;
    buffer.hold();
    const block = buffer.bytes.subarray(offset, offset + request.length);
    this.#outbox.write([encodeBlockHeader(request), block], buffer.release);
    this.uploaded += request.length;
    this.#refused = Math.max(0, this.#refused - 1);
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
   * Remembers a request. One that finds no place is passed over, as the peer was told how many are kept. Throws
   * BitorchError `WIRE_INVALID` for what no sane client asks.
   */
  enqueue(request: BlockRequest): void {
    if (request.length === 0 || request.length > MAX_REQUEST_BYTES) {
      throw new BitorchError('WIRE_INVALID', `request of ${request.length} bytes`);
    }
    if (this.queue!.add(request)) return;
    if (++this.#refused > MAX_REFUSED_REQUESTS) {
      throw new BitorchError('WIRE_INVALID', `${this.#refused} requests more than are kept`);
    }
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
    if (this.#outbox.stalledMs(now) > WRITE_STALL_MS) this.close('does not read what it is sent');
    if (now - this.#outbox.lastWriteAt > KEEP_ALIVE_MS) this.send(encodeSignal('keep-alive'));
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
}

/** What a ban for corrupt data is laid on: the network; on this machine, which several nodes share, the address. */
export const originOf = (end: Pick<RemoteEnd, 'host' | 'port'>): string =>
  scopeOfRemote(end.host) === 'loopback' ? addressOf(end) : addressGroup(end.host);
