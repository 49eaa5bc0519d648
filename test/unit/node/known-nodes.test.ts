import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Source } from '../../../src/node/peers/known-node.ts';
import { KnownNodes } from '../../../src/node/peers/known-nodes.ts';
import { describe, type Identity } from '../../support/announcing.ts';

const MiB = 1 << 20;
const NOW = 1_900_000_000_000;
const SEALED = new Uint8Array(16 << 10);

/** Known nodes, and how one announces itself with pages that are as large as they may be. */
function world() {
  const connected = new Set<string>();
  const known = new KnownNodes({ selfId: 'self' }, { isConnected: (id) => connected.has(id) });
  let made = 0;
  const learn = (id: string, source: Partial<Source>, { page = 0, pages = 1, models = 64 } = {}): boolean => {
    const holdings = Array.from({ length: models }, () => ({
      manifest: new Uint8Array(new Uint32Array([made++, 0, 0, 0, 0, 0, 0, 0]).buffer),
      bytesHave: 1,
      bytesTotal: 1,
      blocks: null,
    }));
    const announcement = describe({ id } as Identity, { time: NOW, page, pages, holdings });
    const sealed = { id, sealed: models > 1 ? SEALED : new Uint8Array(300) };
    return known.learn(announcement, sealed, { proven: false, origin: id, scope: 'public', ...source }, NOW);
  };
  const flood = (id: string, source: Partial<Source>) => {
    for (let page = 0; page < 16; page++) learn(id, source, { page, pages: 16 });
  };
  return { known, connected, learn, flood };
}

test('announcements of strangers take a bounded amount of memory, and not that of nodes that were met', () => {
  const { known, connected, learn, flood } = world();
  connected.add('friend');
  learn('friend', { proven: true }, { models: 20 });
  learn('met', { proven: true, origin: 'home' }, { models: 20 });
  for (let n = 0; n < 60; n++) flood(`told ${n}`, { origin: 'farm' });
  assert.ok(known.bytes <= 32 * MiB, `${known.bytes} bytes`);
  assert.ok(known.bytes > 16 * MiB);
  assert.ok(known.has('friend') && known.has('met'));
  assert.ok(
    learn('newcomer', { origin: 'elsewhere' }, { models: 1 }),
    'the origin with most memory makes room',
  );
});

test('connected strangers with large announcements leave room for other nodes and for our own', () => {
  const { known, connected, learn, flood } = world();
  for (let n = 0; n < 60; n++) {
    connected.add(`crowd ${n}`);
    flood(`crowd ${n}`, { proven: true, origin: `farm ${n % 30}` });
  }
  assert.ok(known.bytes <= 32 * MiB);
  connected.add('honest');
  assert.ok(learn('honest', { proven: true, origin: 'home' }, { models: 20 }));
  assert.ok(learn('self', { proven: true, origin: 'self' }, { models: 20 }));
  assert.ok(known.has('honest'));
});

test('what is forgotten is given back', () => {
  const { known, flood } = world();
  flood('a', { origin: 'a' });
  assert.ok(known.bytes > 700 << 10);
  known.all(NOW + 7_200_000);
  assert.equal(known.bytes, 0);
});
