import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '#base';
import { SigningKey } from '#crypto';
import { Host } from '#network';
import { Node, type NodeSettings } from '#node';
import { ask, chat, TINY_MODEL, textOf, until } from '../../support/network.ts';
import { afterwards, temporaryDirectory } from '../../support/swarm.ts';

const log = createLog('silent');

test('a client finds a model by the hash table that no node it knows has heard of, fetches it and chats', async (t) => {
  // They keep records of the table and know no directory.
  const startTable = async (): Promise<Host> => {
    const table = await Host.start(
      { key: SigningKey.generate(), reach: { assume: 'direct', dht: true } },
      { log },
    );
    afterwards(t, () => table.stop());
    return table;
  };
  const [near, far] = [await startTable(), await startTable()];
  await near.connect(far.addresses[0]!);
  const start = async (name: string, table: Host, settings: Partial<NodeSettings>): Promise<Node> => {
    const home = await temporaryDirectory(t);
    const bootstrap = [table.addresses[0]!];
    const shared = { home, name, bootstrap, reach: 'direct', dht: 'on', threads: 1 } as const;
    const node = await Node.start({ ...shared, securityAuthorities: 'none', ...settings }, { log });
    afterwards(t, () => node.stop());
    return node;
  };
  const holder = await start('holder', far, {
    roles: ['seed', 'run'],
    publish: TINY_MODEL,
    trackerPort: 0,
  });
  await holder.work();
  const [model] = holder.models();
  const client = await start('client', near, { roles: ['client'], model: model!.id });
  assert.deepEqual(
    client.network().nodes.map(({ name }) => name),
    ['client'],
  );
  await client.work();
  await until(() => client.models()[0]?.available === true);
  const events = await chat(client, ask('Once upon a time', 5));
  assert.ok(events[0]?.type === 'route' && events[0].hops[0]?.nodeId === holder.id);
  assert.ok(textOf(events).length > 0);
});
