import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Key } from 'interface-datastore';
import { ProviderStore } from '../../../../src/network/reach/provider-store.ts';

const VALUE = Uint8Array.of(1);
const keyOf = (content: string, peer: string) => new Key(`/dht/provider/${content}/${peer}`);
const namesIn = async (store: ProviderStore, prefix: string) => {
  const names: string[] = [];
  for await (const { key } of store.query({ prefix })) names.push(key.toString());
  return names;
};

test('providers are found by content, and by nothing else', async () => {
  const store = new ProviderStore('self');
  store.put(keyOf('a', 'p'), VALUE);
  store.put(keyOf('a', 'q'), VALUE);
  store.put(keyOf('b', 'p'), VALUE);
  assert.deepEqual(await namesIn(store, '/dht/provider/a'), ['/dht/provider/a/p', '/dht/provider/a/q']);
  assert.equal((await namesIn(store, '/dht/provider')).length, 3);
  assert.deepEqual(await namesIn(store, '/dht/provider/none'), []);
  assert.deepEqual(store.get(keyOf('b', 'p')), VALUE);
  store.delete(keyOf('b', 'p'));
  assert.throws(() => store.get(keyOf('b', 'p')));
  assert.equal(store.size, 2);
});

test('a peer that provides without end only displaces its own oldest records', () => {
  const store = new ProviderStore('self');
  store.put(keyOf('honest', 'p'), VALUE);
  for (let i = 0; i < 5_000; i++) store.put(keyOf(`junk${i}`, 'flooder'), VALUE);
  assert.ok(store.has(keyOf('honest', 'p')));
  assert.ok(!store.has(keyOf('junk0', 'flooder')) && store.has(keyOf('junk4999', 'flooder')));
  assert.equal(store.size, 1_025);
});

test('many peers together fill the store and no more, and the node keeps its own records', () => {
  const store = new ProviderStore('self');
  store.put(keyOf('mine', 'self'), VALUE);
  for (let peer = 0; peer < 70; peer++)
    for (let i = 0; i < 1_000; i++) store.put(keyOf(`${peer}-${i}`, `flooder${peer}`), VALUE);
  assert.ok(store.size <= 65_536);
  assert.ok(store.has(keyOf('mine', 'self')));
});

test('values and other records are not kept', () => {
  const store = new ProviderStore('self');
  for (const name of ['/dht/record/x', '/dht/provider/a', '/peers/b', '/dht/provider/a/b/c'])
    store.put(new Key(name), VALUE);
  assert.equal(store.size, 0);
  assert.ok(!store.has(new Key('/dht/record/x')));
});
