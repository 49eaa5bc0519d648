import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { toHex } from '#base';
import { SigningKey } from '#crypto';
import { type ManifestFields, type Metainfo, manifestId, type Swarm, signManifest } from '#distribution';
import type { Host } from '#network';
import { demandVerified, fetchRanges, Library, tensorReader } from '../../../src/node/models/library.ts';
import { publish } from '../../../src/node/models/publish.ts';
import { tinyManifest } from '../../support/manifest.ts';
import { TINY_MODEL } from '../../support/network.ts';
import { afterwards, makeTorrent, quiet, startSwarm, temporaryDirectory } from '../../support/swarm.ts';

interface World {
  home: string;
  /** A folder with the model's files. */
  source: string;
  metainfo: Metainfo;
  swarm: Swarm;
  /** The fields of an honest manifest of these files. */
  fields: ManifestFields;
  refused: string[];
  open(): Promise<Library>;
}

async function world(t: TestContext, answers: Uint8Array[] = []): Promise<World> {
  const home = await temporaryDirectory(t);
  const source = join(home, 'source');
  const metainfo = await makeTorrent(source, { 'tiny.gguf': 100_000 }, { pieceLength: 65536 });
  const sha256 = new Uint8Array(
    createHash('sha256')
      .update(await readFile(join(source, 'tiny.gguf')))
      .digest(),
  );
  const { infohash } = metainfo;
  const fields = { ...tinyManifest(), infohash, files: [{ path: 'tiny.gguf', size: 100_000, sha256 }] };
  const swarm = await startSwarm(t);
  const refused: string[] = [];
  const host = {
    answer: async () => undefined,
    request: ({ id }: { id: string }, _: string, __: unknown, { signal }: { signal: AbortSignal }) =>
      id.startsWith('silent')
        ? new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
        : Promise.resolve({ manifest: answers[0]!, metainfo: metainfo.bytes }),
  } as unknown as Host;
  const open = async () => {
    const dependencies = { host, swarm, log: quiet, admits: () => true, holdersOf: () => [] };
    const library = new Library({ home, trackers: [] }, dependencies);
    library.onRefused((id) => refused.push(id));
    await library.start();
    afterwards(t, () => library.stop());
    return library;
  };
  return { home, source, metainfo, swarm, fields, refused, open };
}

const idOf = (sealed: Uint8Array) => toHex(manifestId(sealed));
const range = [{ file: 'tiny.gguf', offset: 0, length: 1000 }];
const waiting = () => ({ onProgress: () => undefined, signal: AbortSignal.timeout(20_000) });

test('two manifests of one torrent live side by side, and the torrent as long as one of them', async (t) => {
  const answers: Uint8Array[] = [];
  const w = await world(t, answers);
  const [key, other] = [SigningKey.generate(), SigningKey.generate()];
  const honest = signManifest(w.fields, key);
  answers.push(honest);
  const squatter = signManifest({ ...w.fields, name: 'tiny (better)', chatTemplate: 'anything' }, other);
  const library = await w.open();
  const theirs = await library.add(squatter, w.metainfo.bytes);
  const ours = await library.obtain(idOf(honest), [{ id: 'holder', addresses: [] }]);
  assert.deepEqual(
    library.all().map(({ id }) => id),
    [theirs.id, ours.id],
  );
  assert.equal(ours.torrent, theirs.torrent);
  assert.equal(w.swarm.torrents().length, 1);

  await library.discard(theirs);
  assert.deepEqual(w.swarm.torrents(), [ours.torrent]);
  assert.equal(library.isInHome(ours.id), true);
  await library.discard(ours);
  assert.deepEqual(w.swarm.torrents(), []);
  assert.deepEqual(library.all(), []);
});

test('both are there again after a restart', async (t) => {
  const w = await world(t);
  const manifests = ['a', 'b'].map((name) => signManifest({ ...w.fields, name }, SigningKey.generate()));
  const first = await w.open();
  const [a] = [
    await first.add(manifests[0]!, w.metainfo.bytes),
    await first.add(manifests[1]!, w.metainfo.bytes, w.source),
  ];
  await w.swarm.remove(a.torrent);
  const second = await w.open();
  assert.deepEqual(
    second
      .all()
      .map(({ id }) => id)
      .sort(),
    manifests.map(idOf).sort(),
  );
  assert.ok(second.all().every(({ torrent }) => torrent.isComplete && torrent.directory === w.source));
});

test('publishing the files of a torrent that another manifest waits for serves that manifest at once', async (t) => {
  const w = await world(t);
  const library = await w.open();
  const waits = await library.add(
    signManifest({ ...w.fields, name: 'x' }, SigningKey.generate()),
    w.metainfo.bytes,
  );
  const fetched = fetchRanges(waits, range, waiting());
  const published = await library.add(
    signManifest(w.fields, SigningKey.generate()),
    w.metainfo.bytes,
    w.source,
  );
  assert.equal(published.torrent.isComplete, true);
  await fetched;
  await Promise.all([demandVerified(waits), demandVerified(published)]);
  assert.equal(waits.torrent.directory, w.source);
  assert.equal(library.isInHome(waits.id), false);
});

test('files that are not what a manifest says are neither served nor run, now or after a restart', async (t) => {
  const w = await world(t);
  const sha256 = new Uint8Array(32).fill(9);
  const lie = signManifest(
    { ...w.fields, files: [{ ...w.fields.files[0]!, sha256 }] },
    SigningKey.generate(),
  );
  const honest = signManifest(w.fields, SigningKey.generate());
  const library = await w.open();
  const refused = await library.add(lie, w.metainfo.bytes, w.source);
  await assert.rejects(demandVerified(refused), { code: 'FILE_HASH_MISMATCH' });
  assert.equal(refused.files.state, 'refused');
  assert.deepEqual(w.refused, [refused.id]);
  assert.deepEqual(library.all(), []);
  assert.deepEqual(w.swarm.torrents(), []);
  await assert.rejects(fetchRanges(refused, range, waiting()), { code: 'FILE_HASH_MISMATCH' });
  assert.throws(() => tensorReader(refused)(w.fields.boundary.tensors[0]!), { code: 'FILE_HASH_MISMATCH' });

  const model = await library.add(honest, w.metainfo.bytes, w.source);
  await demandVerified(model);
  assert.equal(model.files.state, 'verified');
  for (const again of [library, await w.open()]) {
    await assert.rejects(again.add(lie, w.metainfo.bytes, w.source), { code: 'FILE_HASH_MISMATCH' });
    await assert.rejects(again.obtain(refused.id, [{ id: 'holder', addresses: [] }]), {
      code: 'FILE_HASH_MISMATCH',
    });
    if (again === library) await w.swarm.remove(model.torrent);
  }
});

test('the liar goes alone: the torrent stays with the manifest that is right', async (t) => {
  const w = await world(t);
  const sha256 = new Uint8Array(32).fill(9);
  const lie = signManifest(
    { ...w.fields, files: [{ ...w.fields.files[0]!, sha256 }] },
    SigningKey.generate(),
  );
  const library = await w.open();
  const model = await library.add(signManifest(w.fields, SigningKey.generate()), w.metainfo.bytes, w.source);
  const refused = await library.add(lie, w.metainfo.bytes);
  await assert.rejects(demandVerified(refused), { code: 'FILE_HASH_MISMATCH' });
  await demandVerified(model);
  assert.deepEqual(library.all(), [model]);
  assert.deepEqual(w.swarm.torrents(), [model.torrent]);
  assert.equal((await model.torrent.read('tiny.gguf', 0, 10)).length, 10);
});

test('a torrent of other files than the manifest’s is refused', async (t) => {
  const w = await world(t);
  const library = await w.open();
  const files = [{ ...w.fields.files[0]!, size: 99_999 }];
  for (const fields of [
    { ...w.fields, files },
    { ...w.fields, pieceLength: 131072 },
  ]) {
    const sealed = signManifest(fields, SigningKey.generate());
    await assert.rejects(library.add(sealed, w.metainfo.bytes), { code: 'METAINFO_INVALID' });
  }
});

test('silent holders do not keep a manifest from those that answer, and the asking can be ended', async (t) => {
  const answers: Uint8Array[] = [];
  const w = await world(t, answers);
  const library = await w.open();
  answers.push(signManifest(w.fields, SigningKey.generate()));
  const holders = (...ids: string[]) => ids.map((id) => ({ id, addresses: [] }));
  const end = new AbortController();
  const silent = library.obtain(idOf(answers[0]!), holders('silent', 'silent too'), end.signal);
  end.abort(new Error('the lane is gone'));
  await assert.rejects(silent, /the lane is gone/);
  const model = await library.obtain(
    idOf(answers[0]!),
    holders('silent 1', 'silent 2', 'silent 3', 'honest'),
  );
  assert.equal(model.id, idOf(answers[0]!));
});

test('publishing gives the publisher’s own manifest, and the same one again', async (t) => {
  const w = await world(t);
  const library = await w.open();
  const options = { source: TINY_MODEL, cache: join(w.home, 'cache'), trackers: [], threads: 1 };
  const [key, other] = [SigningKey.generate(), SigningKey.generate()];
  const by = (publisher: SigningKey) =>
    publish(options, {
      key: publisher,
      library,
      onProgress: () => undefined,
      signal: AbortSignal.timeout(60_000),
    });
  const theirs = await by(other);
  const ours = await by(key);
  assert.notEqual(ours.id, theirs.id);
  assert.deepEqual(ours.manifest.publisher, key.publicKey);
  assert.equal(ours.torrent, theirs.torrent);
  assert.equal((await by(key)).id, ours.id);

  const { blocks, format: _, arithmetic: __, publisher: ___, ...rest } = ours.manifest;
  const altered = signManifest({ ...rest, blocks, chatTemplate: 'another' }, key);
  await library.discard(ours);
  await library.add(altered, ours.metainfo.bytes);
  assert.equal((await by(key)).id, ours.id, 'the same files under another description are another model');
});

test('fetched files stay within the disk limit, and a model that waits for room is fetched once it is raised', async (t) => {
  const w = await world(t);
  const library = await w.open();
  library.limitDisk(70_000);
  const model = await library.add(signManifest(w.fields, SigningKey.generate()), w.metainfo.bytes);
  model.torrent.want(range);
  assert.equal(library.bytesHeld, 65_536, 'whole pieces count');
  model.torrent.want(range);
  assert.throws(() => model.torrent.want('all'), { code: 'DISK_LIMIT_REACHED' });
  assert.equal(library.bytesHeld, 65_536, 'nothing more is wanted');
  library.seed(model);
  assert.equal(library.bytesHeld, 65_536);
  library.limitDisk(100_000);
  assert.equal(library.bytesHeld, 100_000);
});

test('the files of a publisher lie elsewhere and do not count', async (t) => {
  const w = await world(t);
  const library = await w.open();
  library.limitDisk(1);
  await library.add(signManifest(w.fields, SigningKey.generate()), w.metainfo.bytes, w.source);
  assert.equal(library.bytesHeld, 0);
});
