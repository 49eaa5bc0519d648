import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import bencode from 'bencode';
import { createMetainfo, encodeMetainfo, parseMetainfo, pieceLengthFor } from '#distribution';
import { encodeBencode } from '../../../src/distribution/bencode.ts';
import { KiB, MiB, temporaryDirectory } from '../../support/swarm.ts';

const text = (value: string) => new TextEncoder().encode(value);

test('a torrent of several files: hashes run over the borders, another implementation reads the same', async (t) => {
  const directory = await temporaryDirectory(t);
  const [a, b] = [Buffer.alloc(100 * KiB, 1), Buffer.alloc(50 * KiB + 1, 2)];
  await mkdir(join(directory, 'sub'));
  await writeFile(join(directory, 'a'), a);
  await writeFile(join(directory, 'sub/b'), b);
  const metainfo = await createMetainfo({
    directory,
    files: ['a', 'sub/b'],
    name: 'model',
    trackers: ['http://127.0.0.1:1/announce'],
  });
  const whole = Buffer.concat([a, b]);
  const expected = [0, 1, 2].map((n) =>
    createHash('sha1')
      .update(whole.subarray(n * 64 * KiB, (n + 1) * 64 * KiB))
      .digest(),
  );
  assert.deepEqual(Buffer.from(metainfo.pieces), Buffer.concat(expected));
  assert.equal(metainfo.pieceCount, 3);
  assert.deepEqual(metainfo.files[1], { path: 'sub/b', length: 50 * KiB + 1, offset: 100 * KiB });

  const oracle = bencode.decode(metainfo.bytes);
  assert.equal(Buffer.from(oracle.info.files[1].path[1]).toString(), 'b');
  const infohash = createHash('sha1').update(bencode.encode(oracle.info)).digest();
  assert.deepEqual(Buffer.from(metainfo.infohash), infohash);
  assert.deepEqual(parseMetainfo(new Uint8Array(bencode.encode(oracle))), metainfo);
});

test('a single file names its torrent; the same file gives the same bytes', async (t) => {
  const directory = await temporaryDirectory(t);
  await writeFile(join(directory, 'm.gguf'), Buffer.alloc(MiB));
  const make = () => createMetainfo({ directory, files: ['m.gguf'], name: 'other' });
  const metainfo = await make();
  assert.equal(metainfo.name, 'm.gguf');
  assert.deepEqual((await make()).bytes, metainfo.bytes);
  assert.ok(Buffer.from(metainfo.bytes).includes('6:lengthi1048576e'));
});

test('piece lengths: 64 KiB to 16 MiB, about one to two thousand of them', () => {
  assert.equal(pieceLengthFor(1), 64 * KiB);
  assert.equal(pieceLengthFor(98 * MiB), 64 * KiB);
  assert.equal(pieceLengthFor(1024 * MiB), 512 * KiB);
  assert.equal(pieceLengthFor(140e9), 16 * MiB);
});

test('hostile torrents are refused', () => {
  const info = (over: object) =>
    new Map<string, never>(
      Object.entries({
        name: text('m'),
        'piece length': 65536,
        pieces: new Uint8Array(20),
        length: 65536,
        ...over,
      }).filter(([, value]) => value !== undefined) as [string, never][],
    );
  const parse = (over: object) => parseMetainfo(encodeBencode(new Map([['info', info(over)]])));
  const file = (path: string[], length = 1) =>
    new Map<string, number | Uint8Array[]>([
      ['length', length],
      ['path', path.map(text)],
    ]);
  assert.equal(parse({}).pieceCount, 1);

  const invalid = [
    ...[{ pieces: new Uint8Array(19) }, { pieces: new Uint8Array(40) }, { pieces: 1 }, { length: -1 }],
    ...[{ 'piece length': 0 }, { 'piece length': 65537 }, { 'piece length': 2 ** 30 }, { length: 0 }],
    ...[{ length: undefined }, { name: 5 }, { name: new Uint8Array([0xff, 0xfe]) }, { files: [] }],
    ...[
      { length: undefined, files: [file([])] },
      { length: undefined, files: [file(['a/b'])] },
    ],
  ];
  for (const over of invalid) assert.throws(() => parse(over), { code: 'METAINFO_INVALID' });

  for (const name of ['..', '.', '', '/etc', 'a\\b', 'a\0', 'a:b', 'con', 'aux.txt', 'a ', 'x'.repeat(300)]) {
    assert.throws(() => parse({ name: text(name) }), { code: 'PATH_UNSAFE' }, name);
    const files = [file(['a', name])];
    const pieces = new Uint8Array(20);
    assert.throws(() => parse({ length: undefined, files, pieces }), /METAINFO|refused/, name);
  }
  const collisions = [
    [['a'], ['A']],
    [['a'], ['a']],
    [['a'], ['a', 'b']],
    [['a', 'b'], ['a']],
    [['é'], ['e\u0301']],
  ];
  for (const paths of collisions) {
    const files = paths.map((path) => file(path));
    assert.throws(() => parse({ length: undefined, files }), { code: 'PATH_UNSAFE' }, paths.join(' '));
  }
  const deep = file(Array.from({ length: 17 }, () => 'd'));
  assert.throws(() => parse({ length: undefined, files: [deep] }), {
    code: 'PATH_UNSAFE',
    message: /deeper than 16/,
  });
  const folders = Array.from({ length: 4097 }, (_, n) => file([`${n}`, 'x'], 16));
  assert.throws(() => parse({ length: undefined, files: folders }), {
    code: 'PATH_UNSAFE',
    message: /4096 folders/,
  });
});

test('what is built is what is parsed', () => {
  const built = encodeMetainfo(
    { name: 'm', pieceLength: 65536, pieces: new Uint8Array(20), files: [{ path: 'x/y', length: 5 }] },
    ['http://a/announce', 'udp://b', 'http://c/announce'],
  );
  assert.deepEqual(built.trackers, ['http://a/announce', 'http://c/announce']);
  assert.deepEqual(built.files, [{ path: 'x/y', length: 5, offset: 0 }]);
});
