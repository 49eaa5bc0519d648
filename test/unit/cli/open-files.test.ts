import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openFiles } from '../../../src/cli/security/open-files.ts';

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bitorch-open-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function seen(place: string, exclude: string[] = []) {
  const { files, unread, passedOver, close } = await openFiles(place, { exclude });
  await close();
  return { files: files.map(({ path }) => path).sort(), unread, passedOver };
}

test('where there is nothing to read, that is said', async (t) => {
  const folder = await folderOf(t);
  assert.deepEqual(await seen(folder), {
    files: [],
    unread: [`${folder}: there is no file in it to read`],
    passedOver: [],
  });
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  assert.deepEqual((await seen(pipe)).unread, ['pipe: neither a file nor a folder']);
  await assert.rejects(openFiles(join(folder, 'nothing')), { code: 'SCAN_FAILED' });
});

test('links are followed, each folder once; one that leads to nothing is told and ends nothing', async (t) => {
  const folder = await folderOf(t);
  const elsewhere = await folderOf(t);
  await writeFile(join(elsewhere, 'model.pkl'), 'x');
  await mkdir(join(folder, 'inner'));
  await writeFile(join(folder, 'inner', 'a.txt'), 'a');
  await symlink(elsewhere, join(folder, 'weights'));
  await symlink(folder, join(folder, 'inner', 'loop'));
  await symlink(join(folder, 'gone'), join(folder, 'dangling'));
  await symlink(join(folder, 'inner', 'a.txt'), join(folder, 'b.txt'));
  const { files, unread, passedOver } = await seen(folder);
  assert.deepEqual(files, ['b.txt', 'inner/a.txt', 'weights/model.pkl']);
  assert.deepEqual(unread, ['dangling: a link to nothing']);
  assert.deepEqual(passedOver, ['inner/loop/: a link to a folder that is read already']);
});

test('a link to a folder that contains the target is not followed, but reported', async (t) => {
  const folder = await folderOf(t);
  await mkdir(join(folder, 'model'));
  await writeFile(join(folder, 'model', 'a.txt'), 'a');
  await writeFile(join(folder, 'b.txt'), 'b');
  await symlink('..', join(folder, 'model', 'up'));
  await symlink('/', join(folder, 'model', 'all'));
  const { files, unread } = await seen(join(folder, 'model'));
  assert.deepEqual(files, ['a.txt']);
  assert.deepEqual(unread, [
    'all/: a link to a folder that the target lies in',
    'up/: a link to a folder that the target lies in',
  ]);
});

test('what is excluded is told; when nothing is left, nothing is clean', async (t) => {
  const folder = await folderOf(t);
  for (const path of ['old/a.bin', 'new/a.bin', 'new/deep/b.txt', 'c.txt']) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), 'x');
  }
  assert.deepEqual((await seen(folder, ['*.bin'])).files, ['c.txt', 'new/deep/b.txt']);
  assert.deepEqual((await seen(folder, ['old'])).files, ['c.txt', 'new/a.bin', 'new/deep/b.txt']);
  assert.deepEqual((await seen(folder, ['new/**'])).files, ['c.txt', 'old/a.bin']);
  assert.deepEqual((await seen(folder, ['./new/deep/', 'c.*'])).files, ['new/a.bin', 'old/a.bin']);
  assert.deepEqual((await seen(folder, ['old'])).passedOver, ['old: excluded']);
  const nothing = await seen(folder, ['*']);
  assert.deepEqual([nothing.files, nothing.unread], [[], [`${folder}: there is no file in it to read`]]);
});

test('files know that they are links, but for those of a snapshot to the blobs of its repository', async (t) => {
  const folder = await folderOf(t);
  const repository = join(folder, 'models--acme--tiny');
  const blob = 'a'.repeat(40);
  await mkdir(join(repository, 'blobs'), { recursive: true });
  await mkdir(join(repository, 'snapshots', 'x'), { recursive: true });
  await writeFile(join(repository, 'blobs', blob), 'x');
  await symlink('/etc/hostname', join(repository, 'blobs', 'b'.repeat(40)));
  await symlink(`../../blobs/${blob}`, join(repository, 'snapshots', 'x', 'good.bin'));
  await symlink(`../../blobs/${'b'.repeat(40)}`, join(repository, 'snapshots', 'x', 'out.bin'));
  await symlink('/etc/hostname', join(repository, 'snapshots', 'x', 'far.bin'));
  const { files, close } = await openFiles(join(repository, 'snapshots'));
  await close();
  assert.deepEqual(
    files.map(({ path, linked }) => [path, linked]),
    [
      ['x/far.bin', true],
      ['x/good.bin', undefined],
      ['x/out.bin', true],
    ],
  );
});

test('the caches of the Hub: their notes are passed over, and nothing that only lies beside them', async (t) => {
  const folder = await folderOf(t);
  const write = async (path: string, text: string) => {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  const commit = '0123456789'.repeat(4);
  const [blob, other] = ['a'.repeat(40), 'b'.repeat(64)];
  const repository = 'hub/models--acme--tiny';
  await write(`${repository}/refs/main`, commit);
  await write(`${repository}/refs/bad`, 'cos\nsystem\n(S"id"\ntR.');
  await write(`${repository}/.no_exist/${commit}/added_tokens.json`, '');
  await write(`${repository}/blobs/${blob}`, '{}');
  await write(`${repository}/blobs/${other}`, 'nobody links here');
  await mkdir(join(folder, repository, 'snapshots', commit), { recursive: true });
  await symlink(`../../blobs/${blob}`, join(folder, repository, 'snapshots', commit, 'config.json'));
  await write('hub/.locks/models--acme--tiny/x.lock', '');
  await write('local/.cache/huggingface/download/config.json.metadata', `${commit}\n${blob}\n1764500000.5\n`);
  await write('local/.cache/huggingface/download/bad.metadata', 'cos\nsystem\n');
  await write('local/config.json', '{}');
  await write(
    'local/.cache/huggingface/CACHEDIR.TAG',
    'Signature: 8a477f597d28d172789f06886806bc55\n# A cache.\n',
  );
  await write('CACHEDIR.TAG', 'Signature: 8a477f597d28d172789f06886806bc55\nMZ');
  await write('hub/.check_for_update_done', '');
  await write(`${repository}/blobs/${other}.incomplete`, 'half');
  await write('local/.cache/huggingface/download/x.incomplete', 'half');
  const { files, unread, passedOver } = await seen(folder);
  assert.deepEqual(files, [
    'CACHEDIR.TAG',
    `${repository}/blobs/${other}`,
    `${repository}/refs/bad`,
    `${repository}/snapshots/${commit}/config.json`,
    'local/.cache/huggingface/download/bad.metadata',
    'local/config.json',
  ]);
  assert.deepEqual(unread, [
    `${repository}/blobs/${other}.incomplete: a download that has not come to its end`,
    'local/.cache/huggingface/download/x.incomplete: a download that has not come to its end',
  ]);
  assert.equal(passedOver.length, 7);
});
