import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { PieceMemory } from '../../../src/distribution/swarm/piece-memory.ts';
import { PiecePool } from '../../../src/distribution/swarm/piece-pool.ts';
import { PieceThread } from '../../../src/distribution/swarm/piece-thread.ts';
import { Layout } from '../../../src/distribution/swarm/ranges.ts';
import { Store } from '../../../src/distribution/swarm/store.ts';
import { afterwards, KiB, makeTorrent, temporaryDirectory } from '../../support/swarm.ts';

test('store: a piece is written over the borders of files if it has its hash, and close() waits for it', async (t) => {
  const home = await temporaryDirectory(t);
  const seed = join(home, 'seed');
  const sizes = { 'a.bin': 100 * KiB, 'b.bin': 7, 'c.bin': 90 * KiB };
  const metainfo = await makeTorrent(seed, sizes, { pieceLength: 128 * KiB });
  const content = Buffer.concat(
    await Promise.all(Object.keys(sizes).map((path) => readFile(join(seed, path)))),
  );
  const thread = new PieceThread();
  afterwards(t, () => thread.stop());
  const pool = new PiecePool(metainfo.pieceLength, new PieceMemory());
  const pieceOf = (index: number) => {
    const bytes = content.subarray(index * 128 * KiB, (index + 1) * 128 * KiB);
    const piece = pool.take(bytes.length).bytes;
    piece.set(bytes);
    return piece;
  };
  const open = (directory: string) =>
    new Store({ metainfo, layout: new Layout(metainfo), directory: join(home, directory), thread });

  const store = open('leech');
  const bad = pieceOf(0);
  bad[5]! ^= 1;
  assert.equal(await store.keepPiece(0, bad), false);
  assert.equal((await readFile(join(home, 'leech/a.bin'))).indexOf(content.subarray(0, 4)), -1);
  const writes = [0, 1].map((index) => store.keepPiece(index, pieceOf(index)));
  await store.close();
  for (const path of Object.keys(sizes)) {
    assert.deepEqual(await readFile(join(home, 'leech', path)), await readFile(join(seed, path)));
  }
  assert.deepEqual(await Promise.all(writes), [true, true]);

  await mkdir(join(home, 'blocked/b.bin'), { recursive: true });
  const blocked = open('blocked');
  await assert.rejects(blocked.keepPiece(0, pieceOf(0)), { code: 'EISDIR' });
  assert.equal(await blocked.keepPiece(1, pieceOf(1)), true);
  await blocked.close();
});

const skip = process.platform !== 'linux' && 'open files are counted in /proc';

test('store: a torrent of thousands of files holds few of them open', { skip }, async (t) => {
  const home = await temporaryDirectory(t);
  const pieceLength = 16 * KiB;
  // Pieces of many files, of a few, and of one.
  const sizes = Object.fromEntries(
    Array.from({ length: 200 }, (_, n) => [`${n}`, n < 100 ? 100 : n < 150 ? 5 * KiB : 16 * KiB]),
  );
  const metainfo = await makeTorrent(join(home, 'seed'), sizes, { pieceLength });
  const content = Buffer.concat(
    await Promise.all(metainfo.files.map(({ path }) => readFile(join(home, 'seed', path)))),
  );
  const thread = new PieceThread();
  afterwards(t, () => thread.stop());
  const pool = new PiecePool(pieceLength, new PieceMemory());
  const store = new Store({ metainfo, layout: new Layout(metainfo), directory: join(home, 'leech'), thread });
  const filesOpen = () =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(home);
      } catch {
        return false;
      }
    }).length;
  let most = 0;
  const kept = Array.from({ length: metainfo.pieceCount }, async (_, index) => {
    const bytes = content.subarray(index * pieceLength, (index + 1) * pieceLength);
    const piece = pool.take(bytes.length).bytes;
    piece.set(bytes);
    assert.equal(await store.keepPiece(index, piece), true);
    most = Math.max(most, filesOpen());
  });
  await Promise.all(kept);
  await store.sync();
  const all = new Uint8Array(content.length);
  assert.equal(await store.read(0, all), true);
  assert.ok(content.equals(all));
  assert.ok(most <= 2 * 16, `${most} files were open`);
  await store.close();
  assert.equal(filesOpen(), 0);
});
