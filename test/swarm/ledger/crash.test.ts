import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLmdbStore } from '#store';
import { Ledger } from '../../../src/ledger/ledger.ts';
import { appHashOf } from '../../../src/ledger/state/block.ts';
import { genesisOf, growTo, trustingLedger } from '../../support/ledger/chain.ts';
import { contentOf, interrupted, MAP_BYTES, OPTIONS, WRITER } from '../../support/ledger/crash.ts';
import { RandomBlocks } from '../../support/ledger/random-blocks.ts';

test('killed at a write of a block commit: the file holds the old state, and after it the new one', async () => {
  const { directory, path, before, after, changes } = await interrupted();
  assert.ok(changes.length > 20 && before !== after);
  const points = [0, 1, Math.floor(changes.length / 2), changes.length - 1, changes.length];
  for (const writes of points) {
    const copy = join(directory, `crash-${writes}.mdb`);
    await copyFile(path, copy);
    const { signal, stderr } = spawnSync(process.execPath, [WRITER, copy, `${writes}`]);
    assert.equal(signal, 'SIGKILL', `${stderr}`);
    const store = openLmdbStore(copy, MAP_BYTES);
    const done = writes === changes.length;
    assert.equal(contentOf(store), done ? after : before, `after ${writes} of ${changes.length} writes`);
    const { height, appHash } = Ledger.open({ store, ...OPTIONS }).head;
    assert.equal(height, done ? 5 : 4);
    assert.deepEqual(appHashOf(store, height), appHash);
    await store.close();
  }
  await rm(directory, { recursive: true });
});

test('failing at any write of a block commit leaves every byte as it was', async () => {
  const { directory, path, before, changes } = await interrupted();
  const store = openLmdbStore(path, MAP_BYTES);
  for (let writes = 0; writes < changes.length; writes++) {
    function* failing() {
      yield* changes.slice(0, writes);
      throw new Error('power cut');
    }
    assert.throws(() => store.commit(failing()), /power cut/);
    assert.equal(contentOf(store), before, `after ${writes} of ${changes.length} writes`);
  }
  await store.close();
  await rm(directory, { recursive: true });
});

test('the same blocks on disk and in memory give the same hashes', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'bitorch-crash-'));
  const store = openLmdbStore(join(directory, 'state.mdb'), MAP_BYTES);
  const onDisk = Ledger.create(genesisOf(), { store, ...OPTIONS });
  const inMemory = trustingLedger();
  for (const ledger of [onDisk, inMemory]) {
    growTo(ledger, 4);
    const blocks = new RandomBlocks(ledger, 'disk');
    for (let n = 0; n < 120; n++) blocks.grow();
  }
  assert.deepEqual(onDisk.head, inMemory.head);
  await store.close();
  await rm(directory, { recursive: true });
});
