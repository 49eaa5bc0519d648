import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
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
  WireParser,
} from '../../src/distribution/swarm/wire.ts';

export interface RoguePeer {
  port: number;
  /** Connections accepted so far. */
  connections: number;
  requests: BlockRequest[];
}

/** A peer that claims to have everything, and answers each request with what `answer` gives, or not at all. */
export async function startRoguePeer(
  t: TestContext,
  metainfo: Metainfo,
  answer: (request: BlockRequest) => Uint8Array | undefined,
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
        socket.write(encodeHandshake({ infohash, peerId: Buffer.from('-XX0000-rogue-rogue-') }));
        // A have before the bitfield: aria2 mixes them, too.
        socket.write(encodeHaves([0]));
        socket.write(encodeBitfield(bits.bytes));
        socket.write(encodeSignal('unchoke'));
      },
      onMessage: (message) => {
        if (message.type !== 'request') return;
        rogue.requests.push(message);
        const block = answer(message);
        if (block) socket.write(Buffer.concat([encodeBlockHeader(message), block]));
      },
    });
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
