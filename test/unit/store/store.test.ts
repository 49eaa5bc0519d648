import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { toHex } from '#base';
import {
  afterPrefix,
  Bucket,
  MemoryStore,
  Overlay,
  openLmdbStore,
  orderedNumber,
  type ReadView,
  rawBytes,
  type Store,
} from '#store';

const bytes = (...values: number[]) => Uint8Array.of(...values);
const put = (key: Uint8Array, value: Uint8Array) => ({ key, value });
const drop = (key: Uint8Array) => ({ key, value: undefined });

function listing(view: ReadView, from: Uint8Array, to: Uint8Array, reverse = false): string[] {
  return [...view.range({ from, to, reverse })].map(({ key, value }) => `${toHex(key)}=${toHex(value)}`);
}

/** The same suite for every implementation of the interface. */
function storeSuite(name: string, open: (path: string) => Store): void {
  suite(name, () => {
    let directory: string;
    let store: Store;
    before(async () => {
      directory = await mkdtemp(join(tmpdir(), 'bitorch-store-'));
      store = open(join(directory, 'state.mdb'));
    });
    after(async () => {
      await store.close();
      await rm(directory, { recursive: true });
    });

    test('reads what was committed, in byte order, both ways', () => {
      store.commit([put(bytes(1, 255), bytes(3)), put(bytes(1), bytes(1)), put(bytes(1, 0), bytes(2))]);
      store.commit([put(bytes(2), bytes(4)), put(bytes(2), bytes(5)), put(bytes(3), new Uint8Array(0))]);
      const all = ['01=01', '0100=02', '01ff=03', '02=05', '03='];
      assert.deepEqual(listing(store, bytes(0), bytes(9)), all);
      assert.deepEqual(listing(store, bytes(0), bytes(9), true), all.toReversed());
      assert.deepEqual(listing(store, bytes(1, 0), bytes(2)), ['0100=02', '01ff=03']);
      assert.deepEqual(listing(store, bytes(1, 0), bytes(2), true), ['01ff=03', '0100=02']);
      assert.deepEqual(store.get(bytes(3)), bytes());
      assert.equal(store.get(bytes(7)), undefined);
      store.commit([drop(bytes(1)), drop(bytes(8))]);
      assert.deepEqual(listing(store, bytes(0), bytes(2)), ['0100=02', '01ff=03']);
    });

    test('a snapshot does not see later commits', () => {
      store.commit([put(bytes(10), bytes(1)), put(bytes(11), bytes(1))]);
      const first = store.snapshot();
      store.commit([put(bytes(10), bytes(2)), drop(bytes(11)), put(bytes(12), bytes(2))]);
      const second = store.snapshot();
      store.commit([put(bytes(11), bytes(3)), drop(bytes(12))]);
      assert.deepEqual(listing(first, bytes(10), bytes(13)), ['0a=01', '0b=01']);
      assert.deepEqual(listing(second, bytes(10), bytes(13)), ['0a=02', '0c=02']);
      assert.deepEqual(listing(store, bytes(10), bytes(13)), ['0a=02', '0b=03']);
      assert.deepEqual(first.get(bytes(12)), undefined);
      first.close();
      second.close();
    });

    test('a commit that fails half way leaves nothing behind', () => {
      function* failing() {
        yield put(bytes(20), bytes(1));
        throw new Error('the writer dies here');
      }
      assert.throws(() => store.commit(failing()), /dies here/);
      assert.equal(store.get(bytes(20)), undefined);
    });

    test('buckets type keys and values, and keep out of each other', () => {
      const blocks = new Bucket(30, orderedNumber, rawBytes);
      const others = new Bucket(31, orderedNumber, rawBytes);
      const draft = new Overlay(store);
      for (const height of [300, 2, 70_000]) blocks.put(draft, height, bytes(height % 251));
      others.put(draft, 5, bytes(9));
      assert.deepEqual(
        [...blocks.entries(draft)].map(([height]) => height),
        [2, 300, 70_000],
      );
      store.commit(draft.changes());
      assert.deepEqual(
        [...blocks.entries(store, { from: 3, reverse: true })].map(([height]) => height),
        [70_000, 300],
      );
      assert.deepEqual(
        [...blocks.entries(store, { to: 300 })].map(([height]) => height),
        [2],
      );
      assert.equal(blocks.get(store, 5), undefined);
      assert.ok(others.has(store, 5));
    });
  });
}

storeSuite('memory store', () => new MemoryStore());
storeSuite('lmdb store', openLmdbStore);

test('lmdb: what was committed is there after closing and opening', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'bitorch-store-'));
  const path = join(directory, 'state.mdb');
  const store = openLmdbStore(path);
  store.commit([put(bytes(1), bytes(2))]);
  await store.close();
  const again = openLmdbStore(path);
  assert.deepEqual([...again.get(bytes(1))!], [2]);
  await again.close();
  await rm(directory, { recursive: true });
});

test('a prefix has a successor unless it is all 0xff', () => {
  assert.deepEqual(afterPrefix(bytes(1, 255)), bytes(2));
  assert.deepEqual(afterPrefix(bytes(1, 2)), bytes(1, 3));
  assert.throws(() => afterPrefix(bytes(255, 255)), RangeError);
});

test('lmdb: a store grows beyond the map it was opened with, and open snapshots stay what they were', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bitorch-store-'));
  const path = join(folder, 'grown.mdb');
  const store = openLmdbStore(path, 2 ** 20);
  store.commit([{ key: Uint8Array.of(0), value: Uint8Array.of(7) }]);
  const snapshot = store.snapshot();
  const large = Array.from({ length: 64 }, (_, i) => ({
    key: Uint8Array.of(1, i),
    value: new Uint8Array(2 ** 17).fill(i),
  }));
  store.commit(large);
  assert.deepEqual(snapshot.get(Uint8Array.of(0)), Uint8Array.of(7));
  assert.equal(snapshot.get(Uint8Array.of(1, 0)), undefined);
  snapshot.close();
  await store.close();
  const again = openLmdbStore(path, 2 ** 20);
  for (const { key, value } of large) assert.deepEqual(again.get(key), value);
  await again.close();
  await rm(folder, { recursive: true });
});
