import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { freeSocketPath } from '../../../src/consensus/abci/socket-path.ts';
import { afterwards, temporaryDirectory } from '../../support/swarm.ts';

/** Leaves a socket behind, as a program does that is killed. */
const abandon = (path: string) =>
  spawnSync(process.execPath, [
    '-e',
    `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`,
  ]);

test('a socket that nobody listens on is taken away, and nothing else ever is', async (t) => {
  const home = await temporaryDirectory(t);
  const at = (name: string) => join(home, name);
  await freeSocketPath(at('free'));

  abandon(at('left'));
  assert.ok(existsSync(at('left')));
  await freeSocketPath(at('left'));
  assert.ok(!existsSync(at('left')));

  await writeFile(at('notes'), 'my notes');
  await mkdir(at('folder'));
  await symlink(at('notes'), at('link'));
  await symlink(at('nowhere'), at('dangling'));
  for (const name of ['notes', 'folder', 'link', 'dangling'])
    await assert.rejects(freeSocketPath(at(name)), { code: 'LISTEN_FAILED', message: /not a socket/ }, name);
  assert.equal(await readFile(at('notes'), 'utf8'), 'my notes');

  const server = createServer().listen(at('live'));
  await once(server, 'listening');
  afterwards(t, () => server.close());
  await assert.rejects(freeSocketPath(at('live')), { code: 'LISTEN_FAILED', message: /is listening/ });
  assert.ok(existsSync(at('live')));
});
