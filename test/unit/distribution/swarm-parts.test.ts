import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeMetainfo } from '#distribution';
import { type Dialable, parseDialable } from '#network/addresses';
import { parseAnnounce } from '../../../src/distribution/announce.ts';
import { AddressBook } from '../../../src/distribution/swarm/address-book.ts';
import { Bans } from '../../../src/distribution/swarm/bans.ts';
import { Bitfield } from '../../../src/distribution/swarm/bitfield.ts';
import { Blame } from '../../../src/distribution/swarm/blame.ts';
import { Choker } from '../../../src/distribution/swarm/choker.ts';
import { EXTENSION_HANDSHAKE, requestLimitOf } from '../../../src/distribution/swarm/extension.ts';
import { Outstanding } from '../../../src/distribution/swarm/outstanding.ts';
import { Picker } from '../../../src/distribution/swarm/picker.ts';
import { PieceMemory } from '../../../src/distribution/swarm/piece-memory.ts';
import { PiecePool } from '../../../src/distribution/swarm/piece-pool.ts';
import { Layout } from '../../../src/distribution/swarm/ranges.ts';
import { originOf } from '../../../src/distribution/swarm/remote-end.ts';
import { RequestQueue } from '../../../src/distribution/swarm/request-queue.ts';
import { TokenBucket } from '../../../src/distribution/swarm/token-bucket.ts';
import { UnfinishedPiece } from '../../../src/distribution/swarm/unfinished-piece.ts';

const KiB = 1024;
const full = (size: number) => {
  const bits = new Bitfield(size);
  for (let index = 0; index < size; index++) bits.add(index);
  return bits;
};

test('bitfield: high bit first, spare bits must be zero, and never a view of the bytes it came from', () => {
  const wire = Buffer.from([0b10100000, 0b01000000]);
  const bits = Bitfield.parse(wire, 10);
  wire.fill(0xff);
  assert.deepEqual([...bits], [0, 2, 9]);
  assert.equal(bits.add(1), true);
  assert.equal(bits.add(1), false);
  assert.equal(bits.count, 4);
  assert.throws(() => Bitfield.parse(new Uint8Array([0, 0b00100000]), 10), { code: 'WIRE_INVALID' });
  assert.throws(() => Bitfield.parse(new Uint8Array(3), 10), { code: 'WIRE_INVALID' });
});

test('picker: earlier wishes first, then the rarest; nothing unwanted, nothing that the peer lacks', () => {
  const picker = new Picker(6);
  const seed = full(6);
  for (const index of seed) picker.gained(index);
  picker.gained(0);
  picker.gained(1);
  picker.gained(1);
  for (const index of [0, 1, 2]) picker.want(index, 1);
  picker.want(4, 0);
  picker.want(4, 3);
  assert.equal(picker.pick(seed), 4);
  assert.equal(picker.pick(seed), 2);
  assert.equal(picker.pick(seed), 0);
  assert.equal(picker.pick(new Bitfield(6)), undefined);
  assert.equal(picker.pick(seed, 0), undefined);
  assert.equal(picker.pick(seed), 1);
  assert.equal(picker.pick(seed), undefined);
  picker.release(2);
  assert.equal(picker.pick(seed), 2);
});

test('layout: pieces of ranges, and segments over files of no length', () => {
  const files = [
    { path: 'a', length: 100 * KiB },
    { path: 'empty', length: 0 },
    { path: 'b', length: 60 * KiB },
  ];
  const metainfo = encodeMetainfo(
    { name: 'm', pieceLength: 64 * KiB, pieces: new Uint8Array(60), files },
    [],
  );
  const layout = new Layout(metainfo);
  assert.deepEqual(layout.piecesOf([{ file: 'b', offset: 0, length: 1 }]), [1]);
  assert.deepEqual(layout.piecesOf([{ file: 'b', offset: 28 * KiB - 1, length: 2 }]), [1, 2]);
  assert.deepEqual(layout.piecesOf([{ file: 'a', offset: 5, length: 0 }]), []);
  assert.deepEqual(layout.piecesOf('all'), [0, 1, 2]);
  assert.deepEqual(layout.segments(64 * KiB, 64 * KiB), [
    { file: 0, fileOffset: 64 * KiB, bufferOffset: 0, length: 36 * KiB },
    { file: 2, fileOffset: 0, bufferOffset: 36 * KiB, length: 28 * KiB },
  ]);
  for (const range of [
    { file: 'a', offset: 100 * KiB, length: 1 },
    { file: 'a', offset: -1, length: 1 },
    { file: 'x', offset: 0, length: 1 },
  ]) {
    assert.throws(() => layout.piecesOf([range]), { code: 'RANGE_INVALID' });
  }
});

class FakePeer {
  interested = true;
  choked = true;
  rank: number;
  network: string;
  constructor(rank: number, network = '10.0.0.1') {
    this.rank = rank;
    this.network = network;
  }
  setChoking(choked: boolean): void {
    this.choked = choked;
  }
}

test('choker: free slots at once; then the best, and one of the others by turns', () => {
  const peers = [1, 2, 3, 4, 5].map((rank) => new FakePeer(rank));
  const choker = new Choker<FakePeer>(3, () => 0);
  choker.fill(peers.slice(0, 2));
  assert.deepEqual(
    peers.map(({ choked }) => choked),
    [false, false, true, true, true],
  );
  choker.rechoke(peers, 10_000);
  assert.deepEqual(
    peers.filter(({ choked }) => !choked).map(({ rank }) => rank),
    [3, 4, 5],
  );
  choker.rechoke(peers, 15_000);
  choker.rechoke(peers, 40_000);
  assert.deepEqual(
    peers.filter(({ choked }) => !choked).map(({ rank }) => rank),
    [2, 4, 5],
  );
  peers[4]!.interested = false;
  choker.fill(peers);
  assert.deepEqual(
    peers.filter(({ choked }) => !choked).map(({ rank }) => rank),
    [2, 3, 4],
  );
});

test('blame: one sender is guilty at once, of several the one whose block differed from the good one', () => {
  const piece = (fill: number, senders: string[]) => {
    const unfinished = new UnfinishedPiece(7, new PiecePool(32 * KiB, new PieceMemory()).take(32 * KiB));
    unfinished.put(0, new Uint8Array(16 * KiB).fill(1), senders[0]!);
    unfinished.put(1, new Uint8Array(16 * KiB).fill(fill), senders[1]!);
    return unfinished;
  };
  const blame = new Blame();
  assert.deepEqual(blame.bad(piece(9, ['x', 'x'])), ['x']);
  assert.deepEqual(blame.bad(piece(9, ['honest', 'liar'])), []);
  assert.equal(blame.isSuspected(7), true);
  assert.deepEqual(blame.good(piece(2, ['other', 'other'])), ['liar']);
  assert.equal(blame.isSuspected(7), false);
});

test('choker: a host that opens many connections does not get all slots while another waits', () => {
  const hoarder = [9, 8, 7, 6].map((rank) => new FakePeer(rank, '10.0.0.1'));
  const other = new FakePeer(0, '10.0.0.2');
  new Choker<FakePeer>(2, () => 0).fill([...hoarder, other]);
  assert.deepEqual(
    [...hoarder, other].map(({ choked }) => choked),
    [false, true, true, true, false],
  );
});

test('blame: what is remembered of pieces that came bad is bounded', () => {
  const blame = new Blame();
  const bad = (index: number, n: number) => {
    const unfinished = new UnfinishedPiece(index, new PiecePool(32 * KiB, new PieceMemory()).take(32 * KiB));
    unfinished.put(0, new Uint8Array(16 * KiB), `a${n}`);
    unfinished.put(1, new Uint8Array(16 * KiB), `b${n}`);
    return unfinished;
  };
  for (let index = 0; index < 65; index++) blame.bad(bad(index, 0));
  assert.deepEqual(
    [0, 1, 64].map((index) => blame.isSuspected(index)),
    [false, true, true],
  );
  for (let n = 1; n < 20; n++) blame.bad(bad(1, n));
  const good = bad(1, 99);
  good.bytes.fill(7);
  assert.equal(blame.good(good).length, 2 * 4);
});

const at = (host: string, port: number): Dialable => parseDialable(host, port)!;

test('address book: busy and failing addresses wait; when it is full, a failed one gives way', () => {
  const book = new AddressBook();
  const due = (now: number) => book.due(now, 10, () => false).map(({ port }) => port);
  for (const port of [1, 2, 3]) book.add(at('127.0.0.1', port));
  assert.deepEqual(due(0), [1, 2, 3]);
  book.busy('127.0.0.1:1');
  book.exclude('127.0.0.1:2');
  book.add(at('127.0.0.1', 2));
  assert.deepEqual(due(1e12), [3]);
  const failed = { peerId: '', isSeed: false, useful: false };
  book.closed('127.0.0.1:1', failed, 0);
  assert.deepEqual(due(1999), [3]);
  assert.deepEqual(due(2000), [1, 3]);
  book.closed('127.0.0.1:1', failed, 0);
  assert.deepEqual(due(3999), [3]);
  for (let port = 1; port <= 2100; port++) book.add(at('10.0.0.1', port));
  book.add(at('10.0.0.2', 7));
  const all = book.due(1e12, 5000, () => false);
  assert.equal(all.length, 2000);
  assert.equal(
    all.some(({ host, port }) => host === '127.0.0.1' && port === 1),
    false,
  );
});

test('bans: by origin, for an hour, and no more than are kept', () => {
  const bans = new Bans();
  bans.add('10.0.0.9', 0);
  assert.equal(bans.has('10.0.0.9', 3_599_999), true);
  assert.equal(bans.has('10.0.0.9', 3_600_000), false);
  assert.equal(bans.has('10.0.0.8', 0), false);
  for (let n = 0; n < 5000; n++) bans.add(`host ${n}`, 0);
  assert.equal(bans.has('10.0.0.9', 0), false);
  assert.equal(bans.has('host 4999', 0), true);
});

test('an origin is a network, and on this machine one address', () => {
  const of = (host: string) => originOf({ host, port: 5 });
  assert.equal(of('10.0.0.9'), '10.0.0.9');
  assert.equal(of('127.0.0.1'), '127.0.0.1:5');
  assert.equal(of('2001:db8:0:7::1'), of('2001:db8:0:7:ffff::2'));
  assert.notEqual(of('2001:db8:0:7::1'), of('2001:db8:0:8::1'));
});

test('request queue: bounded, each block waits once, what follows in a piece is read together', () => {
  const queue = new RequestQueue(1024 * KiB);
  const request = (index: number, block: number) => ({ index, begin: block * 16 * KiB, length: 16 * KiB });
  for (const block of [0, 1, 1, 2, 4]) assert.equal(queue.add(request(3, block)), true);
  queue.add(request(4, 5));
  assert.equal(queue.cancel(request(3, 1)), true);
  assert.equal(queue.cancel(request(3, 1)), false);
  queue.add(request(3, 1));
  assert.deepEqual(queue.takeRun(), [request(3, 0)]);
  assert.deepEqual(queue.takeRun(), [request(3, 2)]);
  assert.deepEqual(queue.takeRun(), [request(3, 4)]);
  assert.deepEqual(queue.takeRun(), [request(4, 5)]);
  assert.deepEqual(queue.takeRun(), [request(3, 1)]);
  assert.deepEqual(queue.takeRun(), []);
  for (let block = 0; block < 40; block++) queue.add(request(0, block));
  assert.equal(queue.takeRun().length, 16, 'a run has 256 KiB at most');
  for (let n = 0; n < 5000; n++) queue.add({ index: 1, begin: n, length: 1 });
  assert.equal(queue.size, 2048);
  assert.equal(queue.add(request(9, 9)), false);
});

test('outstanding: exactly the requests that were sent are answered', () => {
  const outstanding = new Outstanding();
  const request = { index: 1, begin: 16 * KiB, length: 16 * KiB };
  outstanding.add(request);
  outstanding.add(request);
  assert.equal(outstanding.size, 1);
  for (const other of [
    { ...request, length: 1 },
    { ...request, length: 0 },
    { ...request, begin: 0 },
    { ...request, index: 0, begin: 1024 * KiB + 16 * KiB },
    { ...request, index: 2, begin: 16 * KiB - 1024 * KiB },
  ]) {
    assert.equal(outstanding.delete(other), false);
  }
  assert.equal(outstanding.delete(request), true);
  assert.equal(outstanding.delete(request), false);
  assert.equal(outstanding.size, 0);
});

test('extension handshake: ours says how many requests we keep; of others any spelling, or nothing', () => {
  const of = (text: string) => requestLimitOf(Buffer.from(text, 'latin1'));
  assert.equal(requestLimitOf(EXTENSION_HANDSHAKE), 2048);
  assert.equal(of('d4:reqqi512ee'), 512);
  assert.equal(of('d1:v1:x4:reqqi250e1:mdeetrailing'), 250);
  for (const text of ['', 'de', 'le', 'd4:reqq3:500e', 'd4:reqqi0ee', 'd4:reqqi-5ee', 'l'.repeat(5000)]) {
    assert.equal(of(text), undefined);
  }
});

test('allowance: messages that change nothing may be many, not a flood', () => {
  const allowance = new TokenBucket();
  for (let n = 0; n < 4096; n++) allowance.spend(1, 1000);
  assert.throws(() => allowance.spend(1, 1000), { code: 'WIRE_INVALID', message: /flood/ });
  const patient = new TokenBucket();
  for (let second = 0; second < 1000; second++) patient.spend(64, second * 1000);
});

test('tracker answers: compact, listed and IPv6 peers; nothing that cannot be a peer', () => {
  const parse = (text: string, status?: number) => parseAnnounce(Buffer.from(text, 'latin1'), status);
  const compact = '\x7f\0\0\x01\x1a\xe1\0\0\0\0\x1a\xe1\x7f\0\0\x01\0\0';
  assert.deepEqual(parse(`d8:intervali9e5:peers18:${compact}e`), {
    interval: 9,
    peers: [at('127.0.0.1', 6881)],
  });
  const listed =
    'd8:intervali9e5:peersld2:ip9:127.0.0.14:porti81eed2:ip2:; 4:porti81eed2:ip5:a.org4:porti81eeee';
  assert.deepEqual(parse(listed).peers, [at('127.0.0.1', 81)]);
  const six = parse(`d8:intervali9e6:peers618:${'\0'.repeat(15)}\x01\x1a\xe1e`);
  assert.deepEqual(six.peers, [at('::1', 6881)]);
  assert.throws(() => parse('d14:failure reason5:no\x1bpee'), /^Error: no pe$/);
  assert.deepEqual(parse('d8:intervali9e5:peers5:abcdee').peers, []);
  assert.throws(() => parse('le'), /not a dictionary/);
  assert.throws(() => parse('<html>', 502), /HTTP status 502/);
});

test('tracker answers: every spelling that trackers write is read', () => {
  const peers = '5:peers6:\x7f\0\0\x01\x1a\xe1';
  for (const [text, interval] of [
    [`d8:intervali60e${peers}8:completei1ee`, 60],
    [`d8:intervali60e${peers}e\n`, 60],
    [`d${peers}e`, 1800],
    [`d8:interval2:60${peers}e`, 60],
    [`d8:completei1e8:completei1e8:intervali60e${peers}e`, 60],
    [`d8:completei-0e10:incompletei03e8:intervali60e${peers}e`, 60],
    [`d14:failure reason0:8:intervali60e${peers}e`, 60],
  ] as const) {
    const answer = parseAnnounce(Buffer.from(text, 'latin1'));
    assert.deepEqual(answer, { interval, peers: [at('127.0.0.1', 6881)] }, text);
  }
});
