import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '#base';
import type { Host } from '#network';
import type { WatchedRuleset } from '#security';
import type { Directory, KnownNode } from '../../../src/node/peers/directory.ts';
import { RulesetUpdates } from '../../../src/node/security/ruleset-updates.ts';

test('nodes that never answer do not keep others from being asked', async () => {
  const asked = new Set<string>();
  const stop = new AbortController();
  const host = {
    id: 'self',
    request: (
      { id }: { id: string },
      _protocol: string,
      _message: unknown,
      { signal }: { signal: AbortSignal },
    ) => {
      asked.add(id);
      if (id === 'honest') stop.abort();
      return new Promise((_, reject) => {
        const end = () => reject(new Error('ended'));
        if (signal.aborted) end();
        else signal.addEventListener('abort', end);
      });
    },
  } as unknown as Host;
  const ids = [...Array.from({ length: 6 }, (_, i) => `silent ${i}`), 'honest'];
  const nodes = ids.map((id) => ({ id, reachable: true, addresses: [] }) as unknown as KnownNode);
  const updates = new RulesetUpdates(
    { home: '/nowhere', automatic: false },
    {
      host,
      directory: { nodes: () => nodes } as unknown as Directory,
      rules: { current: { version: 1 }, trusted: [] } as unknown as WatchedRuleset,
      log: createLog('silent'),
      signal: stop.signal,
    },
  );
  updates.start();
  await updates.stop();
  assert.deepEqual([...asked], ids, 'all of them at once');
  assert.equal(updates.newer, undefined);
});
