import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { toHex } from '#base';
import { type Change, MemoryStore, openLmdbStore, type Store } from '#store';
import { Ledger } from '../../../src/ledger/ledger.ts';
import { appHashOf } from '../../../src/ledger/state/block.ts';
import { curve, genesisOf, growTo, trustingLedger, trustingSpends } from '../../support/ledger/chain.ts';
import { RandomBlocks } from '../../support/ledger/random-blocks.ts';

const OPTIONS = { curve, spends: trustingSpends };

/** Every key and value, as one text. */
const contentOf = (store: Store): string =>
  [...store.range({ from: Uint8Array.of(0), to: Uint8Array.of(255) })]
    .map(({ key, value }) => `${toHex(key)}=${toHex(value)}`)
    .join('\n');

/** A chain on disk at height 4, and what the block that the crashing writer commits makes of it. */
async function prepared() {
  const directory = await mkdtemp(join(tmpdir(), 'bitorch-crash-'));
  const path = join(directory, 'state.mdb');
  const store = openLmdbStore(path, 2 ** 28);
  const ledger = Ledger.create(genesisOf(), { store, ...OPTIONS });
  growTo(ledger, 4);
  const before = contentOf(store);
  const shadow = new MemoryStore();
  shadow.commit([...store.range({ from: Uint8Array.of(0), to: Uint8Array.of(255) })]);
  const changes: Change[] = [];
  const recording = new Proxy(shadow, {
    get: (target, name) =>
      name === 'commit'
        ? (written: Iterable<Change>) => {
            changes.push(...written);
            target.commit(changes);
          }
        : Reflect.get(target, name).bind(target),
  });
  new RandomBlocks(Ledger.open({ store: recording, ...OPTIONS }), 'crash').grow();
  await store.close();
  return { directory, path, before, after: contentOf(shadow), changes };
}

test('killed at a write of a block commit: the file holds the old state, and after it the new one', async () => {
  const { directory, path, before, after, changes } = await prepared();
  assert.ok(changes.length > 20 && before !== after);
  const points = [0, 1, Math.floor(changes.length / 2), changes.length - 1, changes.length];
  for (const writes of points) {
    const copy = join(directory, `crash-${writes}.mdb`);
    await copyFile(path, copy);
    const writer = join(import.meta.dirname, 'crash-writer.ts');
    const { signal, stderr } = spawnSync(process.execPath, [writer, copy, `${writes}`]);
    assert.equal(signal, 'SIGKILL', `${stderr}`);
    const store = openLmdbStore(copy, 2 ** 28);
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
  const { directory, path, before, changes } = await prepared();
  const store = openLmdbStore(path, 2 ** 28);
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
  const store = openLmdbStore(join(directory, 'state.mdb'), 2 ** 28);
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
