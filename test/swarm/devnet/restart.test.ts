/** A node of the devnet that dies is noticed and comes back where the others know it. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { NodeProcess } from '../../../src/cli/devnet/process.ts';

test('a node that is killed is told of, and started again at its addresses', {
  timeout: 120_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bitorch-restart-'));
  const ended = Promise.withResolvers<[why: string, restarts: boolean]>();
  const flags = { roles: 'security', trackerPort: '0' };
  const node = new NodeProcess(
    { name: 'security', home: join(folder, 'security'), flags },
    { onProgress: () => undefined, onEnd: (why, restarts) => ended.resolve([why, restarts]) },
  );
  try {
    const first = await node.ready;
    process.kill(node.pid!, 'SIGKILL');
    const [why, restarts] = await ended.promise;
    assert.match(why, /^ended \(SIGKILL\).*node\.log$/);
    assert.equal(restarts, true);
    let again = await node.ready;
    while (again === first) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      again = await node.ready;
    }
    assert.equal(again.id, first.id);
    assert.deepEqual(
      [again.addresses, again.url, again.trackers],
      [first.addresses, first.url, first.trackers],
    );
  } finally {
    await node.stop();
    await rm(folder, { recursive: true, force: true });
  }
});

test('a node that cannot start says why', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bitorch-restart-'));
  const node = new NodeProcess(
    { name: 'stage 1', home: join(folder, 'stage-1'), flags: { roles: 'fly' } },
    { onProgress: () => undefined, onEnd: () => assert.fail('it never ran') },
  );
  await assert.rejects(node.ready, { code: 'OPTION_INVALID', message: /^stage 1: --roles .*"fly"/ });
  await node.stop();
  await rm(folder, { recursive: true, force: true });
});
