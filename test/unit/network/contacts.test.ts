import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '#base';
import { SigningKey } from '#crypto';
import { Contacts, type PeerAddress } from '#network';
import { peerIdOf } from '../../support/peer-ids.ts';

const log = createLog('silent');
const own = await peerIdOf(SigningKey.generate());

/** Contacts whose network and clock are this test: who can be reached, who is connected, who was dialled when. */
function world(named: readonly string[] = []) {
  let time = 0;
  const [reachable, connected, dials] = [new Set<string>(), new Set<string>(), [] as [number, string][]];
  const host = {
    id: own,
    get connected() {
      return [...connected];
    },
    connect: async (peer: PeerAddress | string) => {
      const { id } = peer as PeerAddress;
      dials.push([time, id]);
      if (!reachable.has(id)) throw new Error('nobody listens there');
      connected.add(id);
      return id;
    },
    originOf: (id: string) => id.split('@')[1] ?? id,
  };
  const contacts = new Contacts(named, { host, log, now: () => time, random: () => 0.5 });
  const pass = async (ms: number) => {
    for (const until = time + ms; time < until; time += 500) await Promise.allSettled(contacts.look());
  };
  const dialsOf = (id: string) => dials.filter(([, peer]) => peer === id).map(([at]) => at);
  return { contacts, reachable, connected, dials, dialsOf, pass };
}

const bootstrap = async () => {
  const id = await peerIdOf(SigningKey.generate());
  return { id, address: `/ip4/192.0.2.7/tcp/4001/p2p/${id}` };
};
const at = (id: string): PeerAddress => ({ id, addresses: ['/ip4/192.0.2.9/tcp/1'], learntFrom: 'public' });

test('a start goes on with one contact of several, and with none', async () => {
  const [dead, alive] = [await bootstrap(), await bootstrap()];
  const one = world([dead.address, alive.address]);
  one.reachable.add(alive.id);
  await one.contacts.start();
  one.contacts.stop();
  assert.deepEqual([...one.connected], [alive.id]);
  const none = world([dead.address]);
  await none.contacts.start();
  assert.match(none.contacts.problem!, /192\.0\.2\.7.*nobody listens there/);
  none.reachable.add(dead.id);
  await none.pass(20_000);
  none.contacts.stop();
  assert.equal(none.connected.size, 1);
});

test('a contact that was away for hours is back within twenty seconds, and was not dialled all the time', async () => {
  const { id, address } = await bootstrap();
  const w = world([address]);
  await w.pass(3 * 3_600_000);
  assert.ok(w.dials.length < (3 * 3_600) / 15, `${w.dials.length} dials`);
  w.reachable.add(id);
  await w.pass(20_000);
  assert.deepEqual([...w.connected], [id]);
  const before = w.dials.length;
  await w.pass(60_000);
  w.connected.clear();
  await w.pass(2_000);
  assert.equal(w.dials.length, before + 1, 'after a steady connection the pauses begin anew');
  assert.deepEqual([...w.connected], [id]);
});

test('a peer that closes every connection at once is not dialled again and again', async () => {
  const { id, address } = await bootstrap();
  const w = world([address]);
  w.reachable.add(id);
  for (let i = 0; i < 600; i++) {
    await w.pass(1_000);
    w.connected.clear();
  }
  assert.ok(w.dials.length < 60, `${w.dials.length} dials in ten minutes`);
});

test('who was met is dialled when it is missing, for an hour', async () => {
  const w = world();
  w.connected.add('met');
  w.contacts.met(at('met'));
  await w.pass(60_000);
  assert.deepEqual(w.dials, []);
  w.connected.clear();
  await w.pass(2 * 3_600_000);
  const tries = w.dialsOf('met');
  assert.ok(tries.length > 100 && tries.at(-1)! < 3_600_000 + 90_000);
});

test('itself and peers without an address are no contacts; another address of the same peer is one more way', async () => {
  const { id, address } = await bootstrap();
  const w = world([`/ip4/127.0.0.1/tcp/1/p2p/${own}`, address, `/dns4/node.example/tcp/4001/p2p/${id}`]);
  w.contacts.met({ id: 'hidden', addresses: [] });
  w.contacts.met(at(own));
  await w.pass(500);
  assert.deepEqual(w.dials, [[0, id]]);
});

test('a crowd of one address takes no place of others', async () => {
  const w = world();
  for (let i = 0; i < 40; i++) w.contacts.met(at(`honest ${i}@address ${i}`));
  for (let i = 0; i < 1_000; i++) {
    w.connected.add(`crowd ${i}@farm`);
    w.contacts.met(at(`crowd ${i}@farm`));
  }
  w.connected.clear();
  await w.pass(120_000);
  const dialled = new Set(w.dials.map(([, id]) => id));
  assert.equal([...dialled].filter((id) => id.startsWith('honest')).length, 40);
  assert.ok(dialled.size <= 64);
});

test('what is no address of a node is said at once', async () => {
  const { id } = await bootstrap();
  for (const text of [
    '',
    'localhost:4001',
    '/ip4/1.2.3.4/tcp/1',
    `/ip4/1.2.3/tcp/1/p2p/${id}`,
    '/ip4/1.2.3.4/tcp/1/p2p/x',
  ])
    assert.throws(() => world([text]), { code: 'OPTION_INVALID' }, text);
});
