import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { tryLockFile } from '#base';
import { untilUnlocked } from '../../../src/cli/stop.ts';
import { temporaryDirectory } from '../../support/swarm.ts';

test('the end of a node is that of its lock; a node that goes on is named with its process', async (t) => {
  const home = await temporaryDirectory(t);
  const unlock = await tryLockFile(join(home, 'home.lock'));
  assert.ok(unlock);
  await assert.rejects(untilUnlocked(home, 4242, 0), { code: 'STOP_TIMEOUT', message: /4242, with kill$/ });
  const waiting = untilUnlocked(home, 4242);
  unlock();
  await waiting;
  const free = await tryLockFile(join(home, 'home.lock'));
  assert.ok(free, 'nothing holds it afterwards');
  free();
});
