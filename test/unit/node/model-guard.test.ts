import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog, toHex } from '#base';
import type { Host } from '#network';
import type { Directory, KnownNode } from '../../../src/node/peers/directory.ts';
import { ModelGuard } from '../../../src/node/security/model-guard.ts';
import { attest, authority } from '../../support/attestation.ts';
import { afterwards, temporaryDirectory } from '../../support/swarm.ts';

const log = createLog('silent');
const [alice, bob, eve] = await Promise.all([authority(1), authority(2), authority(3)]);
const MANIFEST = new Uint8Array(32).fill(8);

test('only an authority that issued a clearance can confirm it', async (t) => {
  const answering = new Set<string>();
  const asked: string[] = [];
  const host = {
    id: 'self',
    subscribe: () => undefined,
    answer: async () => undefined,
    request: async ({ id }: { id: string }) => {
      asked.push(id);
      if (!answering.has(id)) throw new Error('gone');
      return [];
    },
  } as unknown as Host;
  const nodes = [alice, bob, eve].map(
    ({ id }) => ({ id, reachable: true, addresses: [] }) as unknown as KnownNode,
  );
  const directory = {
    find: (id: string) => nodes.find((node) => node.id === id),
    nodes: () => nodes,
    holdersOf: () => nodes,
  } as unknown as Directory;
  const guard = new ModelGuard(
    { home: await temporaryDirectory(t), trust: [alice.id, bob.id], unproven: 'pending' },
    { host, directory, log },
  );
  await guard.start();
  afterwards(t, () => guard.stop());
  guard.clearance.accept(attest(alice, { manifest: MANIFEST }));
  for (const word of guard.clearance.about(toHex(MANIFEST))) guard.clearance.confirm(word);

  const round = async (...who: { id: string }[]) => {
    answering.clear();
    for (const { id } of who) answering.add(id);
    asked.length = 0;
    await guard.recheck();
    return asked.splice(0);
  };
  assert.deepEqual((await round(bob, eve)).sort(), [alice.id, bob.id].sort(), 'strangers are not asked');
  assert.equal((await round(bob)).length, 2, 'still due: the one who cleared it has not answered');
  assert.equal((await round(alice)).length, 2);
  assert.deepEqual(await round(alice), [], 'confirmed');
});
