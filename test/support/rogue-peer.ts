import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { Metainfo } from '#distribution';
import { Bitfield } from '../../src/distribution/swarm/bitfield.ts';
import {
  type BlockRequest,
  encodeBitfield,
  encodeBlockHeader,
  encodeHandshake,
  encodeHaves,
  encodeSignal,
  type WireMessage,
  WireParser,
} from '../../src/distribution/swarm/wire.ts';

export interface RoguePeer {
  port: number;
  /** Connections accepted so far. */
  connections: number;
  requests: BlockRequest[];
}

export interface RogueOptions {
  /** The peer id that it claims. */
  peerId?: Uint8Array;
  /** What it says after its handshake: by default, that it has everything and serves everybody. */
  greeting?: Uint8Array;
  /** Messages in answer to a request, in place of a block. */
  reply?: (request: BlockRequest) => Uint8Array | undefined;
  /** Sees what it is told beside requests. */
  onMessage?: (message: WireMessage) => void;
}

/** A peer that claims to have everything, and answers each request with what `answer` gives, or not at all. */
export async function startRoguePeer(
  t: TestContext,
  metainfo: Metainfo,
  answer: (request: BlockRequest) => Uint8Array | undefined,
  options: RogueOptions = {},
): Promise<RoguePeer> {
  const rogue: RoguePeer = { port: 0, connections: 0, requests: [] };
  const sockets = new Set<Socket>();
  const bits = new Bitfield(metainfo.pieceCount);
  for (let index = 0; index < metainfo.pieceCount; index++) bits.add(index);
  const server = createServer((socket) => {
    rogue.connections++;
    sockets.add(socket);
    socket.on('error', () => undefined);
    const parser = new WireParser({
      onHandshake: ({ infohash }) => {
        const peerId = options.peerId ?? Buffer.from('-XX0000-rogue-rogue-');
        socket.write(encodeHandshake({ infohash, peerId }));
        // A have before the bitfield: aria2 mixes them, too.
        const all = [encodeHaves([0]), encodeBitfield(bits.bytes), encodeSignal('unchoke')];
        socket.write(options.greeting ?? Buffer.concat(all));
      },
      onMessage: (message) => {
        if (message.type !== 'request') {
          options.onMessage?.(message);
          return;
        }
        rogue.requests.push(message);
        const block = answer(message);
        const reply = block ? Buffer.concat([encodeBlockHeader(message), block]) : options.reply?.(message);
        if (reply) socket.write(reply);
      },
    });
    parser.allowBitfield(1 << 20);
    socket.on('data', (chunk) => parser.push(chunk as Buffer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  rogue.port = (server.address() as AddressInfo).port;
  return rogue;
}

export interface Stranger {
  socket: Socket;
  /** What it was told. */
  messages: WireMessage[];
  closed: Promise<void>;
  isClosed(): boolean;
}

/** A connection to a swarm that has shaken hands and says what a test writes. */
export async function dialStranger(t: TestContext, port: number, infohash: Uint8Array): Promise<Stranger> {
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => undefined);
  const messages: WireMessage[] = [];
  const shaken = Promise.withResolvers<void>();
  const parser = new WireParser({
    onHandshake: () => shaken.resolve(),
    onMessage: (message) => void messages.push(structuredClone(message)),
  });
  parser.allowBitfield(1 << 20);
  socket.on('data', (chunk) => parser.push(chunk as Buffer));
  socket.write(encodeHandshake({ infohash, peerId: randomBytes(20) }));
  let isClosed = false;
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  void closed.then(() => {
    isClosed = true;
  });
  await shaken.promise;
  return { socket, messages, closed, isClosed: () => isClosed };
}
