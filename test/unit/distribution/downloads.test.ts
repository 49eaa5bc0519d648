import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { encodeMetainfo } from '#distribution';
import { Bitfield } from '../../../src/distribution/swarm/bitfield.ts';
import { Downloads } from '../../../src/distribution/swarm/downloads.ts';
import { Outstanding } from '../../../src/distribution/swarm/outstanding.ts';
import type { Peer } from '../../../src/distribution/swarm/peer.ts';
import { Picker } from '../../../src/distribution/swarm/picker.ts';
import { PieceMemory } from '../../../src/distribution/swarm/piece-memory.ts';
import { PiecePool } from '../../../src/distribution/swarm/piece-pool.ts';
import type { Store } from '../../../src/distribution/swarm/store.ts';

const KiB = 1024;
const BLOCK = 16 * KiB;
const BLOCKS = 8;
const PIECE = BLOCKS * BLOCK;

/** A connection that a test answers for. */
const peer = (origin: string, pieces = 1) => {
  const has = new Bitfield(pieces);
  for (let index = 0; index < pieces; index++) has.add(index);
  const fake = {
    origin,
    has,
    isClosed: false,
    choking: false,
    interesting: true,
    snubbed: false,
    downloaded: 0,
    unrequested: 0,
    outstanding: new Outstanding(),
    requestLimit: 250,
    roundTripMs: 1,
    down: { bytesPerSecond: 0 },
    lastBlockAt: 0,
    assignment: undefined,
    send: () => undefined,
    close: () => undefined,
    answered: (now: number) => {
      fake.lastBlockAt = now;
    },
  };
  return fake as unknown as Peer;
};

/** Tests whose clock stands still. */
const still = new WeakSet<TestContext>();

function world(
  t: TestContext,
  isGood: (piece: Uint8Array) => boolean = () => true,
  pieces = 1,
  pieceLength = PIECE,
  memory = new PieceMemory(),
) {
  if (!still.has(t)) t.mock.timers.enable({ apis: ['Date'] });
  still.add(t);
  const metainfo = encodeMetainfo(
    {
      name: 'm',
      pieceLength,
      pieces: new Uint8Array(20 * pieces),
      files: [{ path: 'm', length: pieceLength * pieces }],
    },
    [],
  );
  const picker = new Picker(pieces);
  const store = { keepPiece: async (_: number, bytes: Uint8Array) => isGood(bytes) } as unknown as Store;
  const done: number[] = [];
  const guilty: string[] = [];
  const downloads = new Downloads(
    { metainfo, picker, store, pool: new PiecePool(pieceLength, memory), memory },
    {
      onPiece: (index) => done.push(index),
      onGuilty: (origins) => guilty.push(...origins),
      onFailure: (error) => assert.fail(String(error)),
    },
  );
  for (let index = 0; index < pieces; index++) {
    for (let n = 0; n < 9; n++) picker.gained(index);
    picker.want(index, 0);
  }
  const block = (who: Peer, n: number, fill = 0, index = 0) =>
    downloads.receive(who, index, n * BLOCK, new Uint8Array(BLOCK).fill(fill));
  return { downloads, done, guilty, block };
}

test('owners that are slow keep a piece for themselves for ten seconds, then others may help', (t) => {
  const { downloads, block } = world(t);
  const slow = ['a', 'b', 'c'].map((origin) => peer(origin));
  for (const one of slow) downloads.fill(one);
  const fast = peer('d');
  downloads.fill(fast);
  assert.equal(fast.outstanding.size, 0, 'three work on the only piece');
  t.mock.timers.tick(9000);
  block(slow[0]!, 0);
  downloads.checkSnubbed(slow[0]!, Date.now());
  downloads.fill(fast);
  assert.equal(fast.outstanding.size, 0);
  t.mock.timers.tick(1000);
  downloads.fill(fast);
  assert.equal(
    fast.outstanding.size,
    BLOCKS - 1,
    'all that is missing, though a slow one sent a block a second ago',
  );
});

test('who is late with one piece does not take the places of others at the next', (t) => {
  const { downloads } = world(t, undefined, 2);
  const slow = ['a', 'b', 'c', 'd', 'e', 'f'].map((origin) => peer(origin, 2));
  for (const one of slow) {
    one.requestLimit = BLOCKS;
    downloads.fill(one);
  }
  t.mock.timers.tick(10_000);
  for (const one of slow) one.outstanding.clear();
  const fast = peer('g', 2);
  for (const one of [...slow, fast]) downloads.fill(one);
  assert.equal(fast.outstanding.size, 2 * BLOCKS);
});

test('who is much faster than the owners of a piece helps at once', (t) => {
  const { downloads } = world(t);
  for (const origin of ['a', 'b', 'c']) downloads.fill(peer(origin));
  const fast = peer('d');
  Object.assign(fast, { down: { bytesPerSecond: 1e6 } });
  downloads.fill(fast);
  assert.equal(fast.outstanding.size, BLOCKS);
});

test('blocks of slow owners still count when they come', async (t) => {
  const { downloads, block, done } = world(t);
  const [slow, fast] = [peer('a'), peer('b')];
  downloads.fill(slow);
  downloads.fill(fast);
  for (let n = 0; n < BLOCKS; n++) block(n % 2 === 0 ? slow : fast, n);
  await Promise.resolve();
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual(done, [0]);
});

test('a block that nobody asked for is charged by what it could have been, and wrong ones are refused', (t) => {
  const { downloads, block } = world(t);
  const one = peer('a');
  downloads.fill(one);
  block(one, 0);
  assert.equal(one.downloaded, BLOCK);
  block(one, 0);
  assert.deepEqual([one.downloaded, one.unrequested], [BLOCK, BLOCK], 'what was not asked for is no merit');
  for (let n = 1; n < 1024; n++) block(one, 0);
  assert.throws(() => block(one, 0), { code: 'WIRE_INVALID', message: /unrequested blocks/ });
  const wrong = [
    [1, 0, BLOCK],
    [0, PIECE, BLOCK],
    [0, 1, BLOCK],
    [0, 0, 1],
    [0, 0, 0],
    [0, PIECE, 0],
    [2 ** 32 - 1, 0, BLOCK],
  ] as const;
  for (const [index, begin, length] of wrong) {
    assert.throws(() => downloads.receive(peer('b'), index, begin, new Uint8Array(length)), {
      code: 'WIRE_INVALID',
    });
  }
});

test('a piece that came bad from several is taken from one who is too slow to give it alone', async (t) => {
  const { downloads, block, guilty } = world(t, (bytes) => bytes.every((byte) => byte === 0));
  const [liar, honest] = [peer('liar'), peer('honest')];
  downloads.fill(liar);
  downloads.fill(honest);
  for (let n = 0; n < BLOCKS; n++) block(n === 0 ? liar : honest, n, n === 0 ? 1 : 0);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(guilty, [], 'either may have sent the bad block');

  downloads.fill(liar);
  assert.equal(liar.outstanding.size, BLOCKS);
  downloads.fill(honest);
  assert.equal(honest.outstanding.size, 0, 'it comes from one alone');
  block(liar, 1);
  t.mock.timers.tick(10_000 + (PIECE / (16 * KiB)) * 1000 + 1);
  downloads.checkOverdue(Date.now());
  liar.outstanding.clear();
  downloads.fill(liar);
  assert.equal(liar.outstanding.size, 0, 'whoever was too slow leaves it to others');
  downloads.fill(honest);
  assert.equal(honest.outstanding.size, BLOCKS, 'all of it, also what the other had sent');
  for (let n = 0; n < BLOCKS; n++) block(honest, n);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(guilty, ['liar'], 'its block differed from the good one');
});

test('pieces that must come from one peer each leave memory for others, however slowly they come', async (t) => {
  const [pieces, large] = [12, 16 * 1024 * KiB];
  const { downloads, block } = world(t, () => false, pieces, large);
  const holding = (origin: string, indices: readonly number[]) => {
    const made = peer(origin, pieces);
    made.has = new Bitfield(pieces);
    for (const index of indices) made.has.add(index);
    return made;
  };
  const bad = [0, 1, 2, 3, 4, 5, 6, 7];
  for (const index of bad) {
    const [one, other] = [holding('one', [index]), holding('other', [index])];
    downloads.fill(one);
    block(one, 0, 0, index);
    downloads.abandon(one);
    downloads.fill(other);
    for (let n = 1; n < large / BLOCK; n++) block(other, n, 0, index);
    downloads.abandon(other);
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const n of bad) downloads.fill(holding(`slow ${n}`, bad));
  const honest = peer('honest', pieces);
  downloads.fill(honest);
  assert.ok(honest.outstanding.size > 0);
});

test('torrents share the memory of a node: one whose pieces never come leaves others their part', (t) => {
  const memory = new PieceMemory({ unfinishedBytes: 6 * PIECE });
  const of = (pieces: number) => world(t, undefined, pieces, PIECE, memory).downloads;
  /** How many pieces a peer is asked for that keeps more requests than there are, and answers none. */
  const begun = (downloads: Downloads, origin: string) => {
    const one = peer(origin, 40);
    one.requestLimit = 500;
    downloads.fill(one);
    return Math.ceil(one.outstanding.size / BLOCKS);
  };
  const [first, second, third] = [of(40), of(40), of(40)];
  assert.equal(begun(first, 'a'), 6);
  assert.equal(begun(second, 'b'), 3);
  assert.equal(begun(third, 'c'), 2);
  first.stop();
  second.stop();
  assert.equal(memory.shareOf({}), 3 * PIECE, 'only the third has any now');
  third.stop();
  assert.equal(memory.shareOf({}), 6 * PIECE);
});

test('buffers are kept for the next pieces up to a limit for all torrents, and let go with their torrent', () => {
  const memory = new PieceMemory({ freeBytes: 3 * PIECE });
  const [one, other] = [new PiecePool(PIECE, memory), new PiecePool(PIECE, memory)];
  const taken = [one, other].flatMap((pool) => [pool.take(PIECE), pool.take(PIECE)]);
  for (const buffer of taken) buffer.release();
  assert.equal(memory.keep(1), false, 'three are kept');
  one.close();
  assert.equal(memory.keep(2 * PIECE), true);
});
