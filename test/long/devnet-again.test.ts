import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { tryLockFile } from '#base';
import { bitorch } from '../support/cli.ts';
import { TINY_MODEL } from '../support/network.ts';

test('a second start of a devnet fetches nothing again, and Ctrl-C ends every node', async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'bitorch-again-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const args = ['devnet', '--home', home, '--model', TINY_MODEL, '--prompt', 'Hello'];
  const first = await bitorch([...args, '--once']);
  assert.equal(first.code, 0, first.output);
  const second = await bitorch([...args, '--port', '0'], { stopAfter: /Ctrl-C stops all nodes/ });
  assert.equal(second.code, 0, second.output);
  assert.match(second.output, /stage 2 .* fetched nothing/);
  const unlock = await tryLockFile(join(home, 'devnet/stage-2/home.lock'));
  assert.ok(unlock);
  unlock();
});
