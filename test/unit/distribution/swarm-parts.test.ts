import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeMetainfo } from '#distribution';
import { parseAnnounce } from '../../../src/distribution/announce.ts';
import { AddressBook } from '../../../src/distribution/swarm/address-book.ts';
import { Bitfield } from '../../../src/distribution/swarm/bitfield.ts';
import { Blame } from '../../../src/distribution/swarm/blame.ts';
import { Choker } from '../../../src/distribution/swarm/choker.ts';
import { Picker } from '../../../src/distribution/swarm/picker.ts';
import { PiecePool } from '../../../src/distribution/swarm/piece-pool.ts';
import { Places } from '../../../src/distribution/swarm/places.ts';
import { Layout } from '../../../src/distribution/swarm/ranges.ts';
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
  worth: number;
  constructor(worth: number) {
    this.worth = worth;
  }
  setChoking(choked: boolean): void {
    this.choked = choked;
  }
}

test('choker: free slots at once; then the best, and one of the others by turns', () => {
  const peers = [1, 2, 3, 4, 5].map((worth) => new FakePeer(worth));
  const choker = new Choker<FakePeer>(3, () => 0);
  choker.fill(peers.slice(0, 2));
  assert.deepEqual(
    peers.map(({ choked }) => choked),
    [false, false, true, true, true],
  );
  choker.rechoke(peers, 10_000);
  assert.deepEqual(
    peers.filter(({ choked }) => !choked).map(({ worth }) => worth),
    [3, 4, 5],
  );
  choker.rechoke(peers, 15_000);
  choker.rechoke(peers, 40_000);
  assert.deepEqual(
    peers.filter(({ choked }) => !choked).map(({ worth }) => worth),
    [2, 4, 5],
  );
  peers[4]!.interested = false;
  choker.fill(peers);
  assert.deepEqual(
    peers.filter(({ choked }) => !choked).map(({ worth }) => worth),
    [2, 3, 4],
  );
});

test('blame: one sender is guilty at once, of several the one whose block differed from the good one', () => {
  const piece = (fill: number, senders: string[]) => {
    const unfinished = new UnfinishedPiece(7, new PiecePool(32 * KiB).take(32 * KiB));
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

test('address book: busy and failing addresses wait, banned ones are never due', () => {
  const book = new AddressBook();
  const due = (now: number) => book.due(now, 10, () => false).map(({ port }) => port);
  for (const port of [0, 1, 2, 3, 70000]) book.add('127.0.0.1', port);
  assert.deepEqual(due(0), [1, 2, 3]);
  book.busy('127.0.0.1:1');
  book.ban('127.0.0.1:2', 'abc');
  assert.deepEqual(due(1e12), [3]);
  const failed = { peerId: '', isSeed: false, useful: false };
  book.closed('127.0.0.1:1', failed, 0);
  assert.deepEqual(due(1999), [3]);
  assert.deepEqual(due(2000), [1, 3]);
  book.closed('127.0.0.1:1', failed, 0);
  assert.deepEqual(due(3999), [3]);
  assert.equal(book.isBanned('10.0.0.1:5', 'abc'), true);
  book.ban('10.0.0.9:5', 'def');
  assert.equal(book.isBanned('10.0.0.9:6', ''), true);
  assert.equal(book.isBanned('127.0.0.1:9', ''), false);
});

test('places: so many in all, and for each IPv4 address or IPv6 /64', () => {
  const places = new Places(4, 2);
  const leave = places.take('10.0.0.1');
  places.take('::ffff:10.0.0.1');
  assert.equal(places.hasRoom('10.0.0.1'), false);
  assert.equal(places.hasRoom('10.0.0.2'), true);
  leave();
  assert.equal(places.hasRoom('10.0.0.1'), true);
  places.take('2001:db8:0:7::1');
  places.take('2001:0db8::7:ffff:0:0:2');
  assert.equal(places.hasRoom('2001:db8:0:7:8:9:a:b'), false);
  assert.equal(places.hasRoom('2001:db8:0:8::1'), true);
  assert.equal(places.hasRoom('::1'), true);
  places.take('::1');
  assert.equal(places.hasRoom('10.0.0.2'), false);
});

test('tracker answers: compact, listed and IPv6 peers; nothing that cannot be a peer', () => {
  const parse = (text: string) => parseAnnounce(Buffer.from(text, 'latin1'));
  const compact = '\x7f\0\0\x01\x1a\xe1\0\0\0\0\x1a\xe1\x7f\0\0\x01\0\0';
  assert.deepEqual(parse(`d8:intervali9e5:peers18:${compact}e`), {
    interval: 9,
    peers: [{ host: '127.0.0.1', port: 6881 }],
  });
  const listed = 'd8:intervali9e5:peersld2:ip9:127.0.0.14:porti81eed2:ip2:; 4:porti81eeee';
  assert.deepEqual(parse(listed).peers, [{ host: '127.0.0.1', port: 81 }]);
  const six = parse(`d8:intervali9e6:peers618:${'\0'.repeat(15)}\x01\x1a\xe1e`);
  assert.deepEqual(six.peers, [{ host: '0:0:0:0:0:0:0:1', port: 6881 }]);
  assert.throws(() => parse('d14:failure reason4:nopee'), /nope/);
  assert.throws(() => parse('d8:intervali9e5:peers5:abcdee'), /odd length/);
  assert.throws(() => parse('le'), /not a dictionary/);
});
