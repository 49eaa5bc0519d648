import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetworkView } from '#node';
import { eventually } from '../lab/homes.ts';
import { labProblem } from '../lab/nat-lab.ts';
import { startLab } from '../lab/node-lab.ts';
import { TINY_MODEL } from '../support/network.ts';

const skip = labProblem() ?? false;
/** A model is published, fetched and loaded on a busy machine. */
const WAIT_S = 120;

const fetched = ({ transfers: [one] }: NetworkView) => one !== undefined && one.bytesHave === one.bytesTotal;

test('two homes and a public node publish, fetch and chat; the homes go on without it', {
  skip,
}, async (t) => {
  const { lab, start, startPublic } = await startLab(t);
  const { open, joined } = await startPublic(['seed', 'audit']);
  const line = { loss: 0.01, delayMs: lab.canDelay ? 20 : 0 };
  if (line.delayMs === 0) t.diagnostic('without delay: this kernel has no netem');
  const first = await start('first', lab.home('port-restricted', line), {
    ...joined,
    ...{ roles: ['seed', 'run'], publish: TINY_MODEL, blocks: [0, 2] },
  });
  const second = await start('second', lab.home('port-restricted', line), {
    ...joined,
    ...{ roles: ['seed', 'run', 'client'], blocks: [2, 3] },
  });

  await eventually(
    async () => (await second.network()).models[0]?.available === true,
    'all blocks run',
    WAIT_S,
  );
  await eventually(
    async () => fetched(await open.network()),
    'the public node has fetched the model',
    WAIT_S,
  );
  const ask = { type: 'chat', prompt: 'hello' } as const;
  const before = await second.ask<{ text: string; hops: string[] }>(ask);
  assert.deepEqual(before.hops, ['first', 'second']);
  await eventually(
    async () => (await second.network()).reach?.holePunched === 1,
    'the homes are connected directly',
    WAIT_S,
  );
  assert.equal((await first.network()).reach?.state, 'hole-punched');

  await open.kill();
  const after = await second.ask<{ text: string; hops: string[] }>(ask);
  assert.deepEqual(after, before);
});

for (const [kind, way] of [
  ['port-restricted', 'a punched hole'],
  ['symmetric', 'a relay'],
] as const)
  test(`a home fetches a model that only another home has, through ${way}`, { skip }, async (t) => {
    const { lab, start, startPublic } = await startLab(t);
    const { joined } = await startPublic(['audit']);
    await start('first', lab.home('port-restricted'), { ...joined, publish: TINY_MODEL });
    const second = await start('second', lab.home(kind), joined);
    await eventually(async () => fetched(await second.network()), 'the model is fetched', WAIT_S);
    const { reach, transfers } = await second.network();
    assert.equal(reach?.state, kind === 'symmetric' ? 'relayed' : 'hole-punched');
    assert.deepEqual(
      transfers[0]!.peers.map(({ name }) => name),
      ['first'],
    );
  });
