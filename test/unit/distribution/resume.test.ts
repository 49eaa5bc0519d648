import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeMetainfo } from '#distribution';
import { Bitfield } from '../../../src/distribution/swarm/bitfield.ts';
import { PieceThread } from '../../../src/distribution/swarm/piece-thread.ts';
import { Layout } from '../../../src/distribution/swarm/ranges.ts';
import { needsResume, saveResume, verifiedOnDisk } from '../../../src/distribution/swarm/resume.ts';
import { Store } from '../../../src/distribution/swarm/store.ts';
import { afterwards, MiB, temporaryDirectory } from '../../support/swarm.ts';

const PIECES = 65;
const zeros = hash('sha1', new Uint8Array(16 * MiB), 'buffer');
const metainfo = encodeMetainfo(
  {
    name: 'zeros',
    pieceLength: 16 * MiB,
    pieces: new Uint8Array(Buffer.concat(new Array(PIECES).fill(zeros))),
    files: [{ path: 'zeros', length: PIECES * 16 * MiB }],
  },
  [],
);

test('beyond 1 GiB resume data is believed after a sample of it was checked', async (t) => {
  const directory = await temporaryDirectory(t);
  const store = new Store({ metainfo, layout: new Layout(metainfo), directory, thread: new PieceThread() });
  afterwards(t, () => store.close());
  assert.equal(needsResume(metainfo), true);
  await writeFile(join(directory, 'zeros'), '');
  await truncate(join(directory, 'zeros'), metainfo.length);
  const recorded = new Bitfield(PIECES);
  for (const index of [3, 64]) recorded.add(index);
  await saveResume(directory, metainfo, recorded.bytes);
  let checked = 0;
  const have = await verifiedOnDisk(directory, metainfo, store, () => checked++);
  assert.deepEqual([...have], [3, 64]);
  assert.equal(checked, 0, 'not everything was hashed');
});

test('resume data that the files do not bear out is not believed', async (t) => {
  const directory = await temporaryDirectory(t);
  const store = new Store({ metainfo, layout: new Layout(metainfo), directory, thread: new PieceThread() });
  afterwards(t, () => store.close());
  await saveResume(directory, metainfo, new Uint8Array(9).fill(0xff, 0, 8));
  const have = await verifiedOnDisk(directory, metainfo, store, () => undefined);
  assert.equal(have.count, 0);
});
