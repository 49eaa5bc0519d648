import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { BitorchError } from '#base';
import type { Budget } from '#network';
import { MemoryCharge } from '#network/memory';
import { Outbox } from '../../../src/distribution/swarm/outbox.ts';
import type { Peer } from '../../../src/distribution/swarm/peer.ts';
import { PieceBuffer } from '../../../src/distribution/swarm/piece-pool.ts';
import { RateLimit } from '../../../src/distribution/swarm/rate-limit.ts';
import { RequestQueue } from '../../../src/distribution/swarm/request-queue.ts';
import { Uploads } from '../../../src/distribution/swarm/uploads.ts';
import type { BlockRequest } from '../../../src/distribution/swarm/wire.ts';

const MiB = 1024 * 1024;
const PIECE = 16 * MiB;

/** A socket that takes nothing until flush(). */
class FullSocket {
  readonly waiting: (() => void)[] = [];
  bytes = 0;
  readonly cork = (): void => undefined;
  readonly uncork = (): void => undefined;
  write(part: Uint8Array, onSent: () => void = () => undefined): void {
    this.bytes += part.length;
    this.waiting.push(onSent);
  }
  flush(): void {
    for (const onSent of this.waiting.splice(0)) onSent();
  }
}

const outboxOf = (socket: FullSocket, onRoom: () => void = () => undefined) =>
  new Outbox(socket as unknown as Socket, onRoom);

test('outbox: writes are counted by what they hold in memory, empty ones too', () => {
  const socket = new FullSocket();
  let room = 0;
  const outbox = outboxOf(socket, () => room++);
  let writes = 0;
  for (; outbox.hasRoom; writes++) outbox.write([new Uint8Array(5)]);
  assert.ok(writes * 5 < 11_000, `${writes} writes of five bytes are no more than a MiB holds`);
  assert.equal(outbox.isOverfull, false);
  for (let n = 0; n < writes + 10; n++) outbox.write([new Uint8Array(5)]);
  assert.equal(outbox.isOverfull, true);
  socket.flush();
  assert.equal(outbox.held, 0);
  assert.equal(room, 1, 'told once');
});

test('outbox: what waits is charged to the budget, and released when it was sent', () => {
  let held = 0;
  const hold = (bytes: number) => {
    if (held + bytes > 4 * MiB) throw new BitorchError('BUDGET_EXCEEDED', 'too much');
    held += bytes;
    return () => {
      held -= bytes;
    };
  };
  const budget: Budget = { hold, take: () => undefined, run: (work) => work(), spend: () => undefined };
  const socket = new FullSocket();
  const outbox = new Outbox(socket as unknown as Socket, () => undefined, new MemoryCharge(budget));
  for (let n = 0; n < 100; n++) outbox.write([new Uint8Array(16 << 10)]);
  assert.ok(held > 1.5 * MiB && held < 1.7 * MiB, `${held}`);
  socket.flush();
  assert.equal(held, 0);
  assert.throws(() => outbox.write([new Uint8Array(5 * MiB)]), { code: 'BUDGET_EXCEEDED' });
});

/** A peer whose socket takes nothing; what waits for it is charged as a connection's is. */
function reader(requests: BlockRequest[], isRelayed = false) {
  const socket = new FullSocket();
  const outbox = outboxOf(socket);
  const queue = new RequestQueue(PIECE);
  for (const request of requests) queue.add(request);
  const sent: BlockRequest[] = [];
  const peer = {
    queue,
    end: { isRelayed },
    serving: false,
    isClosed: false,
    get hasRoom() {
      return outbox.hasRoom;
    },
    sendBlock(request: BlockRequest, buffer: PieceBuffer, offset: number) {
      sent.push(request);
      buffer.hold();
      outbox.write([buffer.bytes.subarray(offset, offset + request.length)], buffer.release);
    },
    close: (error: unknown) => assert.fail(String(error)),
  };
  return { peer: peer as unknown as Peer, sent, outbox, socket, queue };
}

test('a request of one byte makes us read and hold one byte, of whatever piece it is', async () => {
  const read: number[] = [];
  const uploads = new Uploads(async (_index, _begin, into) => {
    read.push(into.length);
    assert.ok(into.buffer.byteLength <= 64 * 1024, 'no larger buffer behind it');
  });
  const { peer } = reader(Array.from({ length: 1000 }, (_, index) => ({ index, begin: 0, length: 1 })));
  await uploads.serve(peer);
  assert.equal(read.length, 1000);
  assert.ok(read.every((length) => length === 1));
});

test('a peer that does not read holds no more than its share, and its requests wait', async () => {
  let bytes = 0;
  const uploads = new Uploads(async (_index, _begin, into) => {
    bytes += into.length;
  });
  const requests = Array.from({ length: 2000 }, (_, n) => ({ index: 0, begin: n * 8192, length: 8192 }));
  const { peer, sent, socket, queue } = reader(requests);
  await uploads.serve(peer);
  assert.ok(bytes <= 1.5 * MiB, `${bytes} bytes were read`);
  assert.equal(sent.length + queue.size, 2000);
  while (queue.size > 0) {
    socket.flush();
    await uploads.serve(peer);
  }
  assert.deepEqual(sent, requests, 'all of them, in order');
});

test('blocks that follow each other are read together and sent from where they lie', async () => {
  const reads: number[] = [];
  const uploads = new Uploads(async (index, begin, into) => {
    reads.push(into.length);
    for (let n = 0; n < into.length; n += 16384) into[n] = index + (begin + n) / 16384;
  });
  const request = (n: number) => ({ index: 2, begin: n * 16384, length: 16384 });
  const { peer, socket, sent } = reader([0, 1, 2, 3, 9].map(request));
  await uploads.serve(peer);
  assert.deepEqual(reads, [65536, 16384]);
  assert.equal(sent.length, 5);
  assert.equal(socket.bytes, 5 * 16384);
});

test('a piece that has just come is served without the disk, and whoever asks for a byte of it holds no more of it', async () => {
  const uploads = new Uploads(async () => assert.fail('not read from disk'));
  let isFree = false;
  const piece = new PieceBuffer(new Uint8Array(PIECE).fill(5), () => {
    isFree = true;
  });
  uploads.keep(3, piece);
  piece.release();
  const { peer, sent } = reader([{ index: 3, begin: 77, length: 1 }]);
  const held: number[] = [];
  const send = peer.sendBlock.bind(peer);
  peer.sendBlock = (request, buffer, offset) => {
    held.push(buffer.bytes.buffer.byteLength);
    assert.equal(buffer.bytes[offset], 5);
    send(request, buffer, offset);
  };
  await uploads.serve(peer);
  assert.equal(sent.length, 1);
  assert.ok(held[0]! <= 64 * 1024);
  for (let index = 4; index < 7; index++)
    uploads.keep(index, new PieceBuffer(new Uint8Array(PIECE), () => undefined));
  assert.ok(isFree, 'let go of, though the peer has not read its byte');
});

test('peers behind relays share a limit of their own, and it slows nobody else', async () => {
  const relayed = new RateLimit();
  relayed.set(16384);
  const uploads = new Uploads(async () => undefined, { relayed });
  const requests = Array.from({ length: 8 }, (_, n) => ({ index: 0, begin: n * 16384, length: 16384 }));
  const [behind, direct] = [reader(requests, true), reader(requests)];
  await uploads.serve(behind.peer);
  await uploads.serve(direct.peer);
  relayed.stop();
  assert.ok(behind.sent.length <= 1, `${behind.sent.length} blocks at once`);
  assert.equal(direct.sent.length, 8);
});
