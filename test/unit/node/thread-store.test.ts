import assert from 'node:assert/strict';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ThreadSettings, Turn } from '#node';
import { ThreadFiles } from '../../../src/node/threads/thread-files.ts';
import { type ThreadLimits, ThreadStore } from '../../../src/node/threads/thread-store.ts';
import { SEED } from '../../support/kept-threads.ts';
import { afterwards, quiet, temporaryDirectory } from '../../support/swarm.ts';

const settings: ThreadSettings = { system: '', temperature: 0, maxTokens: 1024 };

const turn = (prompt: string, text = ''): Turn => ({
  id: 'turn',
  parent: null,
  prompt,
  time: 1,
  answer: { state: 'done', text, hops: [] },
});

const opener =
  (folder: string, t: Parameters<typeof afterwards>[0]) =>
  (limits: Partial<ThreadLimits> = {}, seed: Uint8Array = SEED) => {
    const files = new ThreadFiles({ folder, seed });
    const store = new ThreadStore(files, { log: quiet, limits, repair: (thread) => thread });
    afterwards(t, () => store.stop());
    return store;
  };

test('a file tells nothing without the key of the node, and nothing under another name', async (t) => {
  const folder = await temporaryDirectory(t);
  const open = opener(folder, t);
  const store = open();
  const first = await store.add({ title: 'Secret title', settings, turns: [turn('secret question')] });
  const second = await store.add({ title: 'Other', settings });
  for (const name of await readdir(folder))
    assert.doesNotMatch(await readFile(join(folder, name), 'latin1'), /ecret|turns/);
  assert.deepEqual(await open({}, new Uint8Array(32)).list(), [], 'another key');
  await rename(join(folder, first.id), join(folder, second.id));
  assert.deepEqual(await open().list(), [], 'one file in the place of another');
  await assert.rejects(store.get(second.id), { code: 'THREAD_DAMAGED' });
});

test('a damaged file is left alone and does not keep the others from being read', async (t) => {
  const folder = await temporaryDirectory(t);
  const open = opener(folder, t);
  const [good, bad] = [
    await open().add({ title: 'Good', settings }),
    await open().add({ title: 'Bad', settings }),
  ];
  const bytes = await readFile(join(folder, bad.id));
  bytes[20]! ^= 1;
  await writeFile(join(folder, bad.id), bytes);
  assert.deepEqual(
    (await open().list()).map(({ id }) => id),
    [good.id],
  );
  assert.equal((await readdir(folder)).length, 2);
});

test('number, size and disk space are bounded; what is deleted makes room', async (t) => {
  const folder = await temporaryDirectory(t);
  const open = opener(folder, t);
  const few = open({ threads: 2 });
  const first = await few.add({ title: 'A', settings });
  await few.add({ title: 'B', settings });
  await assert.rejects(few.add({ title: 'C', settings }), { code: 'THREADS_FULL' });
  await few.remove(first.id);
  await assert.rejects(few.add({ title: 'C', settings }), { code: 'THREADS_FULL' }, 'it can still come back');
  await few.stop();

  const small = open({ threadBytes: 4000, bytes: 6000 });
  const thread = await small.add({ title: 'D', settings });
  await small.demandRoom(thread.id, 100);
  await assert.rejects(small.demandRoom(thread.id, 4000), { code: 'THREAD_FULL' });
  const grow = (size: number) =>
    small.update(thread.id, (now) => ({ ...now, turns: [turn('x'.repeat(size))] }));
  await grow(3000);
  await assert.rejects(grow(7000), { code: 'THREADS_FULL' });
  assert.equal((await small.get(thread.id)).turns[0]!.prompt.length, 3000, 'what was there is unchanged');
});

test('a start removes what was deleted and what a crash left half written', async (t) => {
  const folder = await temporaryDirectory(t);
  const open = opener(folder, t);
  const store = open({ undoMs: 1e6 });
  const [kept, deleted] = [
    await store.add({ title: 'A', settings }),
    await store.add({ title: 'B', settings }),
  ];
  await store.remove(deleted.id);
  await writeFile(join(folder, `${kept.id}.0123456789ab.tmp`), 'half');
  assert.equal((await open().list()).length, 1);
  assert.deepEqual(await readdir(folder), [kept.id]);
  await assert.rejects(open().restore(deleted.id), { code: 'THREAD_UNKNOWN' });
});

test('changes made at once all happen', async (t) => {
  const store = opener(await temporaryDirectory(t), t)();
  const { id } = await store.add({ title: '', settings });
  const letters = ['a', 'b', 'c', 'd'];
  await Promise.all(
    letters.map((letter) => store.update(id, (now) => ({ ...now, title: now.title + letter }))),
  );
  assert.equal((await store.get(id)).title, 'abcd');
});

test('a search finds titles and text, in any case, and shows the place', async (t) => {
  const store = opener(await temporaryDirectory(t), t)();
  await store.add({
    title: 'Holidays',
    settings,
    turns: [turn('Where to?', `${'x '.repeat(60)}To the SEA.\nNow.`)],
  });
  await store.add({ title: 'Sea', settings });
  await store.add({ title: 'Work', settings });
  const found = await store.search('sea');
  assert.deepEqual(found.map(({ title }) => title).sort(), ['Holidays', 'Sea']);
  assert.match(found.find(({ title }) => title === 'Holidays')!.found!, /^….*To the SEA\. Now\.$/);
  assert.equal(found.find(({ title }) => title === 'Sea')!.found, undefined);
});

test('a name that is not an id never reaches the disk', async (t) => {
  const store = opener(await temporaryDirectory(t), t)();
  for (const id of ['../node.key', '', '.', 'x'.repeat(36)])
    await assert.rejects(store.get(id), { code: 'THREAD_UNKNOWN' });
});
