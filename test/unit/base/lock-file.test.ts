import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { tryLockFile } from '#base';

const OWNER = new URL('../../support/lock-owner.ts', import.meta.url);
const FILES = 25;
const ROUNDS = 40;

let folder: string;
let owners: [ChildProcess, ChildProcess];
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bitorch-lock-'));
  owners = [fork(OWNER), fork(OWNER)];
  await Promise.all(owners.map((owner) => once(owner, 'message')));
});
after(async () => {
  for (const owner of owners) owner.kill();
  await rm(folder, { recursive: true, force: true });
});

/** Has an owner take or release the lock; whether it has it then. */
const ask = (owner: ChildProcess, what: 'take' | 'release', path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const hear = (answer: { path: string; has: boolean }) => {
      if (answer.path !== path) return;
      owner.off('message', hear);
      resolve(answer.has);
    };
    owner.on('message', hear);
    owner.send({ what, path });
  });

test('of two processes that want it at once exactly one gets it, a thousand times', async () => {
  for (const owner of owners) owner.setMaxListeners(FILES + 1);
  const race = async (path: string) => {
    for (let round = 0; round < ROUNDS; round++) {
      const got = await Promise.all(owners.map((owner) => ask(owner, 'take', path)));
      assert.notEqual(got[0], got[1], `round ${round}`);
      await ask(owners[got[0] ? 0 : 1], 'release', path);
    }
  };
  await Promise.all(Array.from({ length: FILES }, (_, i) => race(join(folder, `raced-${i}`))));
});

test('a lock ends with its process, and what a killed one left does not count', async () => {
  const path = join(folder, 'killed');
  assert.equal(await ask(owners[0], 'take', path), true);
  assert.equal(await tryLockFile(path), undefined);
  owners[0].kill('SIGKILL');
  await once(owners[0], 'exit');
  const unlock = await tryLockFile(path);
  assert.ok(unlock);
  unlock();
  owners[0] = fork(OWNER);
  await once(owners[0], 'message');
});

test('one process cannot have it twice, and can have it again', async () => {
  const path = join(folder, 'twice');
  const unlock = await tryLockFile(path);
  assert.equal(await tryLockFile(path), undefined);
  unlock!();
  unlock!();
  const again = await tryLockFile(path);
  assert.ok(again);
  again();
});

test('a file that is something else is named', async () => {
  const path = join(folder, 'other');
  await writeFile(path, '999999');
  await assert.rejects(tryLockFile(path), { code: 'LOCK_INVALID' });
});
