import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { BitorchError, check, decodeCanonical, encodeCanonical, equalBytes, z, zBytes } from '#base';
import type { Budget } from './budget.ts';
import type { Receiver } from './carrier.ts';
import { parseDialable } from './dialable.ts';
import { FrameStream } from './frame-stream.ts';
import { LinkCarrier } from './link-carrier.ts';
import type { LinkListener } from './link-listener.ts';
import { MemoryCharge } from './memory-charge.ts';
import { deriveLinkKeys, Opener, Sealer } from './seal.ts';

/** How long a dial may take before the stream stays on the multiplexed connection, and how long the failure is cached. */
const DIAL_TIMEOUT_MS = 2_000;
const DIAL_AGAIN_MS = 600_000;
const DECISION_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 30_000;
/** Bound on cached dial failures; the oldest are dropped first. */
const MAX_UNREACHABLE = 1024;

/** Largest read from a dialled socket. */
const ROOM_BYTES = 64 << 10;

const SECRET_BYTES = 32;
const OFFER_BYTES = 128;

/** The listener's port (0: not listening) and the link's secret. */
const offerSchema = z.strictObject({
  port: z.union([z.literal(0), z.number().int().min(1024).max(65_535)]),
  secret: zBytes(SECRET_BYTES),
});
export type LinkOffer = z.infer<typeof offerSchema>;

export const encodeLinkOffer = (offer: LinkOffer): Uint8Array => encodeCanonical(offer);
export const decodeLinkOffer = (frame: Uint8Array): LinkOffer =>
  check(offerSchema, decodeCanonical(frame, OFFER_BYTES), 'link offer');

/** The dialler's answer to an offer. */
const DECISION = { stay: 0, move: 1 } as const;
/** The listener's first frame on a link; proves that it has the keys. */
const HELLO = Uint8Array.of(1);

interface Link {
  readonly socket: Socket;
  readonly frames: FrameStream;
}

/**
 * Moves streams from the multiplexed connection to TCP connections of their own, where each frame is one write and no frame
 * waits for window updates (docs/protocol/network.md, "Links").
 */
export class Links {
  readonly #id: string;
  readonly #listener: LinkListener;
  readonly #budgetOf: (peer: string) => Budget;
  readonly #dialled = new Set<Socket>();
  /** Time, in ms of `performance.now`, before which an address `host port` is not dialled again. */
  readonly #unreachable = new Map<string, number>();

  constructor(
    options: { id: string },
    dependencies: { listener: LinkListener; budgetOf: (peer: string) => Budget },
  ) {
    this.#id = options.id;
    this.#listener = dependencies.listener;
    this.#budgetOf = dependencies.budgetOf;
  }

  async stop(): Promise<void> {
    for (const socket of this.#dialled) socket.destroy();
    await this.#listener.stop();
  }

  /**
   * The listener's side of a new stream: offers a link and waits for the dialler's decision. `canLink`: false where the dialler
   * cannot connect to this node's port, and would only lose time.
   */
  async offer(stream: FrameStream, maxFrameBytes: number, canLink = true): Promise<FrameStream> {
    const secret = new Uint8Array(randomBytes(SECRET_BYTES));
    const keys = deriveLinkKeys(secret, { dialler: stream.remote, listener: this.#id });
    let link: Link | undefined;
    const forget = this.#listener.expect(keys.token, (socket) => {
      const seals = { sealer: new Sealer(keys.listener), opener: new Opener(keys.dialler) };
      link = linkOver(socket, stream.remote, { ...seals, maxFrameBytes, memory: this.#memoryOf(stream) });
      link.frames.send(HELLO).catch(() => undefined);
    });
    try {
      await stream.send(encodeLinkOffer({ port: canLink ? this.#listener.port : 0, secret }));
      if (decodeDecision(await stream.read(AbortSignal.timeout(DECISION_TIMEOUT_MS))) === 'move') {
        if (link) return move(stream, link);
        throw new BitorchError('LINK_INVALID', 'a stream moved to a link that was not opened');
      }
      link?.frames.abort();
      return stream;
    } catch (error) {
      link?.frames.abort();
      throw error;
    } finally {
      forget();
    }
  }

  /** The dialler's side of a new stream to a peer at `host`: moves the stream to the offered link if that can be opened. */
  async take(
    stream: FrameStream,
    host: string | undefined,
    maxFrameBytes: number,
    signal: AbortSignal,
  ): Promise<FrameStream> {
    const { port, secret } = decodeLinkOffer((await stream.read(signal)) ?? new Uint8Array());
    const link =
      host && port && parseDialable(host, port)
        ? await this.#dial(stream, { host, port, secret, maxFrameBytes })
        : undefined;
    await stream.send(encodeDecision(link ? 'move' : 'stay'));
    return link ? move(stream, link) : stream;
  }

  async #dial(
    stream: FrameStream,
    { host, port, secret, maxFrameBytes }: LinkOffer & { host: string; maxFrameBytes: number },
  ): Promise<Link | undefined> {
    const place = `${host} ${port}`;
    if (performance.now() < (this.#unreachable.get(place) ?? 0)) return undefined;
    this.#unreachable.delete(place);
    const keys = deriveLinkKeys(secret, { dialler: this.#id, listener: stream.remote });
    const socket = connectTo(host, port);
    this.#dialled.add(socket);
    socket.on('close', () => this.#dialled.delete(socket));
    socket.write(keys.token);
    const seals = { sealer: new Sealer(keys.dialler), opener: new Opener(keys.listener) };
    const link = linkOver(socket, stream.remote, { ...seals, maxFrameBytes, memory: this.#memoryOf(stream) });
    const hello = await link.frames.read(AbortSignal.timeout(DIAL_TIMEOUT_MS)).catch(() => undefined);
    if (hello && equalBytes(hello, HELLO)) return link;
    link.frames.abort();
    this.#unreachable.set(place, performance.now() + DIAL_AGAIN_MS);
    const [oldest] = this.#unreachable.keys();
    if (this.#unreachable.size > MAX_UNREACHABLE) this.#unreachable.delete(oldest!);
    return undefined;
  }

  #memoryOf(stream: FrameStream): MemoryCharge {
    return new MemoryCharge(this.#budgetOf(stream.remote));
  }
}

/**
 * Opens a socket that reads into one reused buffer and emits copies. By default a socket allocates 64 KiB per read and
 * passes the data through a stream's buffers.
 */
function connectTo(host: string, port: number): Socket {
  const buffer = new Uint8Array(ROOM_BYTES);
  const callback = (count: number) => socket.emit('data', buffer.slice(0, count));
  const options = { host, port, allowHalfOpen: true, noDelay: true, onread: { buffer, callback } };
  const socket: Socket = connect(options);
  return socket;
}

function linkOver(
  socket: Socket,
  remote: string,
  options: { sealer: Sealer; opener: Opener; maxFrameBytes: number; memory: MemoryCharge },
): Link {
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  const carry = (receiver: Receiver) => new LinkCarrier(socket, options, receiver);
  return { socket, frames: new FrameStream(remote, carry, options.memory) };
}

/** Replaces the stream by its link. Both stay open, and either one's failure closes the other. */
function move(stream: FrameStream, { socket, frames }: Link): FrameStream {
  if (socket.closed) void stream.close();
  else socket.once('close', () => stream.close());
  const unexpected = new BitorchError(
    'FRAME_INVALID',
    'a frame arrived on a stream that has moved to a link',
  );
  stream.read().then(
    (frame) => frame && frames.abort(unexpected),
    (error: Error) => frames.abort(error),
  );
  return frames;
}

const encodeDecision = (decision: keyof typeof DECISION): Uint8Array => Uint8Array.of(DECISION[decision]);

function decodeDecision(frame: Uint8Array | undefined): keyof typeof DECISION {
  if (frame?.length === 1 && frame[0] === DECISION.move) return 'move';
  if (frame?.length === 1 && frame[0] === DECISION.stay) return 'stay';
  throw new BitorchError('LINK_INVALID', 'the answer to a link offer is neither "move" nor "stay"');
}
