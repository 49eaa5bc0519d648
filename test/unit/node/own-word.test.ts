import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { toHex } from '#base';
import {
  BEAT_MS,
  type Delta,
  type Holding,
  sealAnnouncement,
  sealDelta,
  WHOLE_MS,
  type Word,
} from '../../../src/node/peers/announcement.ts';
import { Digest } from '../../../src/node/peers/digest.ts';
import { OwnWord } from '../../../src/node/peers/own-word.ts';
import {
  announce,
  describe,
  directoryWorld,
  type Identity,
  identity,
  question,
} from '../../support/announcing.ts';

const holding = (bytesHave = 1, manifest: Uint8Array = new Uint8Array(randomBytes(32))): Holding => ({
  manifest,
  bytesHave,
  bytesTotal: 9,
  blocks: null,
});

/** The same announcement with a delta to it, or a delta alone. */
const withDelta = (word: Word, who: Identity, delta: Delta, pages = word.pages): Word => ({
  ...word,
  pages,
  delta: sealDelta(delta, who.key),
});

test('a node signs a delta when its holdings have changed, and an announcement when anything else has', async () => {
  const who = await identity();
  const own = new OwnWord(who.key);
  const [a, b] = [holding(), holding()];
  const at = (time: number, more: object) => own.describe(describe(who, { time, ...more }));
  assert.equal(at(1_000, { holdings: [a] }), 'changed');
  const [page] = own.word(who.id, true).pages;
  assert.equal(at(2_000, { holdings: [a] }), 'same');
  assert.equal(at(3_000, { holdings: [b, { ...a, bytesHave: 5 }] }), 'changed');
  assert.deepEqual(own.told?.delta?.delta, {
    base: 1_000,
    time: 3_000,
    changed: [b, { ...a, bytesHave: 5 }],
    gone: [],
  });
  assert.equal(at(4_000, { holdings: [] }), 'changed');
  assert.deepEqual(own.told?.delta?.delta.gone, [a.manifest]);
  assert.equal(at(5_000, { holdings: [] }), 'same');
  assert.equal(at(4_000 + BEAT_MS, { holdings: [] }), 'beat');
  assert.deepEqual(own.word(who.id, true).pages, [page]);
  assert.deepEqual(own.word(who.id, false).pages, []);
  assert.equal(at(5_000 + BEAT_MS, { holdings: [], addresses: ['/ip4/10.0.0.1/tcp/1'] }), 'changed');
  assert.equal(own.told?.delta, undefined);
  assert.equal(at(5_000 + BEAT_MS + WHOLE_MS, { addresses: ['/ip4/10.0.0.1/tcp/1'] }), 'beat');
  assert.equal(own.base, 5_000 + BEAT_MS + WHOLE_MS);
  const many = Array.from({ length: 33 }, () => holding());
  assert.equal(at(2 * WHOLE_MS, { addresses: ['/ip4/10.0.0.1/tcp/1'], holdings: many }), 'changed');
  assert.equal(own.base, 2 * WHOLE_MS);
});

test('a delta changes the announcement that it belongs to, and an older or foreign one changes nothing', async () => {
  const { directory, hear, connect } = await directoryWorld();
  const [node, other, peer] = (await Promise.all([identity(), identity(), identity()])) as [
    Identity,
    Identity,
    Identity,
  ];
  connect(peer.id);
  const now = Date.now();
  const [base, a, b] = [now - 30_000, holding(), holding()];
  const word = announce(node, { time: base, holdings: [a] });
  const heldBy = (manifest: Uint8Array) => directory.holdersOf(toHex(manifest)).length;
  const swap = { base, time: now - 10_000, changed: [b], gone: [a.manifest] };

  await hear(withDelta(word, node, swap, []), peer.id);
  assert.equal(directory.find(node.id), undefined, 'a delta alone says nothing');
  await hear(withDelta(word, node, swap), peer.id);
  assert.deepEqual([heldBy(a.manifest), heldBy(b.manifest)], [0, 1]);
  await hear(word, peer.id);
  await hear(withDelta(word, node, { base, time: now - 20_000, changed: [], gone: [] }, []), peer.id);
  await hear(withDelta(word, node, { base: base - 1, time: now, changed: [], gone: [] }, []), peer.id);
  await hear(withDelta(word, node, { base, time: now + 130_000, changed: [], gone: [] }, []), peer.id);
  assert.deepEqual([heldBy(a.manifest), heldBy(b.manifest)], [0, 1], 'what was said last counts');
  assert.equal(
    await hear(withDelta(word, other, { base, time: now, changed: [], gone: [] }, []), peer.id),
    'SIGNATURE_INVALID',
  );
  await hear(withDelta(word, node, { base, time: now, changed: [], gone: [] }, []), peer.id);
  assert.deepEqual([heldBy(a.manifest), heldBy(b.manifest)], [1, 0]);
  const next = announce(node, { time: now + 500, holdings: [b] });
  await hear(next, peer.id);
  await hear(withDelta(word, node, { base, time: now + 900, changed: [], gone: [] }), peer.id);
  assert.deepEqual([heldBy(a.manifest), heldBy(b.manifest)], [0, 1], 'its announcement is not the last');
  directory.stop();
});

test('an old announcement counts with a fresh delta to it, and not without', async () => {
  const { directory, hear, connect } = await directoryWorld();
  const [node, peer] = [await identity(), await identity()];
  connect(peer.id);
  const base = Date.now() - 2_000_000;
  const word = announce(node, { time: base });
  await hear(word, peer.id);
  await hear(withDelta(word, node, { base: base + 1, time: Date.now(), changed: [], gone: [] }), peer.id);
  assert.equal(directory.find(node.id), undefined);
  await hear(withDelta(word, node, { base, time: Date.now() - 5_000, changed: [], gone: [] }), peer.id);
  assert.ok(directory.find(node.id)?.reachable);
  directory.stop();
});

test('a node is told what it has not heard, and only what has changed where it has the announcement', async () => {
  const world = await directoryWorld();
  const [node, asker] = [await identity(), await identity()];
  world.connect(asker.id);
  world.connect('teller');
  const base = Date.now() - 30_000;
  const delta = { base, time: base + 20_000, changed: [], gone: [] };
  await world.hear(withDelta(announce(node, { time: base }), node, delta), 'teller');
  const toldOf = async (time: number | undefined) => {
    const known = Digest.encode(time === undefined ? [] : [{ id: node.id, time }], 0.5);
    const { words } = await world.meet(question(announce(asker), { known }), asker.id);
    return words.find(({ id }) => id === node.id);
  };
  assert.equal((await toldOf(undefined))?.pages.length, 1);
  const changed = await toldOf(base + 1_000);
  assert.deepEqual([changed?.pages.length, changed?.delta?.length], [0, sealDelta(delta, node.key).length]);
  assert.equal((await toldOf(base - 60_000))?.pages.length, 1);
  assert.equal(await toldOf(delta.time), undefined);
  world.directory.stop();
});

test('a digest hides a node behind another with an equal part of a hash in few of its positions', () => {
  const heard = Array.from({ length: 100 }, (_, i) => ({
    id: `node ${i}`,
    time: 1_900_000_000_999 + i * 1_000,
  }));
  for (const random of [0, 0.5, 0.999]) {
    const digest = Digest.decode(Digest.encode(heard, random));
    for (const { id, time } of heard) assert.equal(digest.timeOf(id), time - 999);
    assert.equal(digest.timeOf('another'), undefined);
  }
  const positions = new Set(Array.from({ length: 29 }, (_, i) => Digest.encode(heard, i / 29)[0]));
  assert.equal(positions.size, 29);
  for (const bytes of [[], [29], [0, 1], new Array(9_226).fill(0)])
    assert.throws(() => Digest.decode(new Uint8Array(bytes)), { code: 'CODEC_INVALID' });
});

test('pages of one announcement with a delta are told as one word', async () => {
  const world = await directoryWorld();
  const [node, asker] = [await identity(), await identity()];
  world.connect('teller');
  world.connect(asker.id);
  const time = Date.now() - 5_000;
  const [a, b] = [holding(), holding()];
  const pages = [a, b].map(
    (one, page) =>
      sealAnnouncement(describe(node, { time, holdings: [one], page, pages: 2 }), node.key).sealed,
  );
  const delta = sealDelta(
    { base: time, time: time + 1_000, changed: [holding(4, a.manifest)], gone: [] },
    node.key,
  );
  await world.hear({ id: node.id, pages, delta }, 'teller');
  assert.deepEqual(
    world.directory.find(node.id)?.holdings.map(({ bytesHave }) => bytesHave),
    [1, 4],
  );
  const { words } = await world.meet(question(announce(asker)), asker.id);
  assert.deepEqual(
    words.find(({ id }) => id === node.id),
    { id: node.id, pages, delta },
  );
  world.directory.stop();
});
