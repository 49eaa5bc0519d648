import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { PiecePool } from '../../../src/distribution/swarm/piece-pool.ts';
import { PieceThread } from '../../../src/distribution/swarm/piece-thread.ts';
import { Layout } from '../../../src/distribution/swarm/ranges.ts';
import { Store } from '../../../src/distribution/swarm/store.ts';
import { KiB, makeTorrent, temporaryDirectory } from '../../support/swarm.ts';

test('store: a piece is written over the borders of files if it has its hash, and close() waits for it', async (t) => {
  const home = await temporaryDirectory(t);
  const seed = join(home, 'seed');
  const sizes = { 'a.bin': 100 * KiB, 'b.bin': 7, 'c.bin': 90 * KiB };
  const metainfo = await makeTorrent(seed, sizes, { pieceLength: 128 * KiB });
  const content = Buffer.concat(
    await Promise.all(Object.keys(sizes).map((path) => readFile(join(seed, path)))),
  );
  const thread = new PieceThread();
  t.after(() => thread.stop());
  const pool = new PiecePool(metainfo.pieceLength, 0);
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
