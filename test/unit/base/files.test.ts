import assert from 'node:assert/strict';
import fs, { mkdtemp, readFile, rm } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { writeFileAtomic } from '#base';

test('a file that was replaced is on the disk with its name: it is synced before, its folders after', async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'bitorch-files-'));
  const done: string[] = [];
  const note = (what: string, path: string) =>
    done.push(`${what} ${relative(home, path).replace(/\.\w+\.tmp$/, '.tmp')}`);
  const { open, rename } = fs;
  t.mock.method(fs, 'open', async (...given: Parameters<typeof open>) => {
    const file = await open(...given);
    const sync = file.sync.bind(file);
    file.sync = async () => {
      await sync();
      note('sync', `${given[0]}`);
    };
    return file;
  });
  t.mock.method(fs, 'rename', async (from: string, to: string) => {
    await rename(from, to);
    note('rename', to);
  });
  syncBuiltinESMExports();
  const path = join(home, 'new', 'folder', 'wallet');
  await writeFileAtomic(path, 'content');
  assert.deepEqual(done, [
    'sync new/folder/wallet.tmp',
    'rename new/folder/wallet',
    'sync new/folder',
    'sync new',
    'sync ',
  ]);
  assert.equal(await readFile(path, 'utf8'), 'content');
  t.mock.restoreAll();
  syncBuiltinESMExports();
  await rm(home, { recursive: true });
});
