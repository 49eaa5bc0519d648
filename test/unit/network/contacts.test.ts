import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLog, pause } from '#base';
import { SigningKey } from '#crypto';
import { Contacts, type PeerAddress, type Scope } from '#network';
import { peerIdOf } from '../../support/peer-ids.ts';
import { temporaryDirectory } from '../../support/swarm.ts';

const log = createLog('silent');
const DATE = Date.UTC(2026, 10, 30);
const own = await peerIdOf(SigningKey.generate());

/** Contacts whose network and clock are this test: who can be reached, who is connected, who was dialled when. */
function world(configured: readonly string[] = [], file?: string) {
  let time = 0;
  let unanswered: (() => Promise<void>) | undefined;
  const addresses = new Map<string, readonly string[]>();
  const [reachable, connected, dials] = [new Set<string>(), new Set<string>(), [] as [number, string][]];
  const host = {
    id: own,
    get connected() {
      return [...connected];
    },
    connect: async (peer: PeerAddress | string) => {
      const { id } = peer as PeerAddress;
      dials.push([time, id]);
      addresses.set(id, (peer as PeerAddress).addresses);
      if (unanswered) await unanswered();
      if (!reachable.has(id)) throw new Error('nobody listens there');
      connected.add(id);
      return id;
    },
    originOf: (id: string) => id.split('@')[1] ?? id,
    scopeOf: (): Scope => 'public',
    whereaboutsOf: async (id: string) => ({ id, addresses: [] }),
  };
  const contacts = new Contacts(
    { configured, ...(file !== undefined && { file }) },
    { host, log, now: () => time, date: () => DATE + time, random: () => 0.5 },
  );
  const pass = async (ms: number) => {
    for (const until = time + ms; time < until; time += 500) await Promise.allSettled(contacts.look());
  };
  /** Time passes while every dial takes `dialMs` to fail. */
  const passUnanswered = async (ms: number, { dialMs, mostDials }: { dialMs: number; mostDials: number }) => {
    const open = new Set<{ until: number; fail: () => void }>();
    unanswered = () =>
      new Promise((resolve) => {
        const dial = { until: time + dialMs, fail: resolve };
        open.add(dial);
      });
    for (const end = time + ms; time < end; time += 500) {
      for (const dial of open) {
        if (dial.until > time) continue;
        open.delete(dial);
        dial.fail();
      }
      await new Promise((resolve) => setImmediate(resolve));
      void Promise.allSettled(contacts.look());
      assert.ok(open.size <= mostDials, `${open.size} dials at ${time} ms`);
    }
  };
  const dialsOf = (id: string) => dials.filter(([, peer]) => peer === id).map(([at]) => at);
  const addressesOf = (id: string) => addresses.get(id);
  return { contacts, reachable, connected, dials, dialsOf, addressesOf, pass, passUnanswered };
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
  await one.contacts.stop();
  assert.deepEqual([...one.connected], [alive.id]);
  const none = world([dead.address]);
  await none.contacts.start();
  assert.match(none.contacts.problem!, /192\.0\.2\.7.*nobody listens there/);
  none.reachable.add(dead.id);
  await none.pass(20_000);
  await none.contacts.stop();
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

test('a peer that was met is dialled when it is missing, for an hour', async () => {
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

test('an address at which a peer was never reached is dialled rarely: it may be that of somebody else', async () => {
  const w = world();
  for (const id of ['liar', 'honest']) {
    w.connected.add(id);
    w.contacts.met(at(id));
  }
  await w.pass(60_000);
  w.connected.delete('honest');
  w.reachable.add('honest');
  await w.pass(10_000);
  assert.ok(w.connected.has('honest'));
  w.reachable.clear();
  w.connected.clear();
  w.connected.add('somebody');
  await w.pass(7_200_000);
  assert.ok(w.dialsOf('liar').length <= 16, `${w.dialsOf('liar').length} dials`);
  assert.ok(w.dialsOf('honest').length > 100);
});

test('while the node itself is offline, failed dials say nothing of an address', async () => {
  const w = world();
  w.connected.add('met');
  w.contacts.met(at('met'));
  await w.pass(1_000);
  w.connected.clear();
  await w.pass(1_800_000);
  w.reachable.add('met');
  await w.pass(20_000);
  assert.deepEqual([...w.connected], ['met']);
});

test('the node itself and peers without an address are no contacts; a peer may have several addresses', async () => {
  const { id, address } = await bootstrap();
  const w = world([`/ip4/127.0.0.1/tcp/1/p2p/${own}`, address, `/dns4/node.example/tcp/4001/p2p/${id}`]);
  w.contacts.met({ id: 'hidden', addresses: [] });
  w.contacts.met(at(own));
  await w.pass(500);
  assert.deepEqual(w.dials, [[0, id]]);
});

test('a crowd behind one address takes four slots', async () => {
  const w = world();
  for (let i = 0; i < 40; i++) w.contacts.met(at(`honest ${i}@address ${i}`));
  for (let i = 0; i < 1_000; i++) {
    w.connected.add(`crowd ${i}@farm`);
    w.contacts.met(at(`crowd ${i}@farm`));
  }
  w.connected.clear();
  await w.pass(120_000);
  const dialled = new Set(w.dials.map(([, id]) => id));
  assert.equal([...dialled].filter((id) => id.startsWith('honest')).length, 36);
  assert.equal(dialled.size, 40);
});

test('a configured contact that is not the address of a node is refused at once', async () => {
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

test('what a contact says of where it listens is kept only as far as it may be dialled', async () => {
  const w = world();
  const addresses = [
    '/ip4/127.0.0.1/tcp/1',
    '/ip4/10.0.0.1/tcp/1',
    '/dns4/a.example/tcp/1',
    'x',
    '/ip4/192.0.2.1/tcp/7',
  ];
  w.connected.add('met');
  w.contacts.met({ id: 'met', addresses, learntFrom: 'public' });
  w.contacts.met({ id: 'near', addresses: addresses.slice(0, 4), learntFrom: 'public' });
  w.connected.clear();
  await w.pass(5_000);
  assert.deepEqual(w.addressesOf('met'), ['/ip4/192.0.2.1/tcp/7']);
  assert.deepEqual(w.dialsOf('near'), []);
});

test('a node that restarts while its bootstrap nodes are gone dials the peers it has met', async (t) => {
  const file = join(await temporaryDirectory(t), 'contacts.json');
  const { address } = await bootstrap();
  const [peer, node] = [await peerIdOf(SigningKey.generate()), await peerIdOf(SigningKey.generate())];
  const before = world([address], file);
  await before.contacts.start();
  for (const id of [peer, node]) before.connected.add(id);
  before.contacts.metOnChain(node);
  before.contacts.met({ id: peer, addresses: ['/ip4/192.0.2.1/tcp/1'], learntFrom: 'public' });
  before.contacts.met({ id: node, addresses: ['/ip4/192.0.2.2/tcp/1'], learntFrom: 'public' });
  await before.pass(60_000);
  await before.contacts.stop();
  const after = world([address], file);
  after.reachable.add(peer);
  await after.contacts.start();
  await after.pass(2_000);
  await after.contacts.stop();
  assert.deepEqual([...after.connected], [peer]);
  assert.deepEqual(after.dialsOf(node).slice(0, 1), [0]);
  assert.deepEqual(after.addressesOf(node), ['/ip4/192.0.2.2/tcp/1']);
});

test('a change is on disk within a minute, not only after an orderly stop', async (t) => {
  const file = join(await temporaryDirectory(t), 'contacts.json');
  const w = world([], file);
  await w.contacts.start();
  const id = await peerIdOf(SigningKey.generate());
  w.connected.add(id);
  w.contacts.met(at(id));
  await w.pass(500);
  for (let i = 0; i < 200 && !existsSync(file); i++) await pause(10);
  assert.match(readFileSync(file, 'utf8'), new RegExp(id));
  await w.contacts.stop();
});

test('a file of contacts that is damaged, too long or from elsewhere costs no start', async (t) => {
  const file = join(await temporaryDirectory(t), 'contacts.json');
  const id = await peerIdOf(SigningKey.generate());
  const peer = {
    id,
    kind: 'network',
    addresses: ['/ip4/192.0.2.1/tcp/1'],
    learntFrom: 'public',
    reached: true,
    group: '192.0.2.1',
    connectedMs: 1,
    lastAt: DATE,
  };
  const dialledFrom = async (text: string) => {
    writeFileSync(file, text);
    const w = world([], file);
    await w.contacts.start();
    await w.contacts.stop();
    return w.dials.map(([, dialled]) => dialled);
  };
  const of = (...peers: unknown[]) => JSON.stringify({ version: 1, peers });
  assert.deepEqual(await dialledFrom(of(peer)), [id]);
  const refused = [
    '',
    '{',
    'null',
    `${of(peer).slice(0, -1)},"x":1}`,
    of({ ...peer, addresses: Array.from({ length: 9 }, () => '/ip4/192.0.2.1/tcp/1') }),
    of({ ...peer, connectedMs: -1 }),
    of({ ...peer, id: 'nobody' }),
    of({ ...peer, addresses: ['/ip4/127.0.0.1/tcp/1'] }),
    of({ ...peer, lastAt: DATE - 15 * 86_400_000 }),
    of(...Array.from({ length: 257 }, () => peer)),
    `${' '.repeat(1 << 20)}${of(peer)}`,
  ];
  for (const text of refused) assert.deepEqual(await dialledFrom(text), [], text.slice(0, 80));
});

test('dials are bounded, configured contacts come first, and every contact has its turn within a minute', async () => {
  const { id, address } = await bootstrap();
  const w = world([address]);
  for (let i = 0; i < 40; i++) {
    w.contacts.metOnChain(`node ${i}`);
    for (const kind of ['node', 'peer'])
      w.contacts.met({ id: `${kind} ${i}`, addresses: ['/ip4/192.0.2.1/tcp/1'], learntFrom: 'public' });
  }
  await w.passUnanswered(60_000, { dialMs: 10_000, mostDials: 16 });
  assert.equal(w.dials[0]![1], id);
  assert.equal(new Set(w.dials.map(([, dialled]) => dialled)).size, 81);
});

test('a contact that an invite named is dialled within the scope of the invite, and those of the owner freely', async () => {
  const ids = await Promise.all([1, 2, 3].map(() => peerIdOf(SigningKey.generate())));
  const name = (n: number) => `/dns/node.example/tcp/4001/p2p/${ids[n]}`;
  const address = (n: number) => `/ip4/10.0.0.7/tcp/4001/p2p/${ids[n]}`;
  const dialled = new Map<string, PeerAddress>();
  const host = {
    ...{ id: own, connected: [], originOf: (id: string) => id, scopeOf: (): Scope => 'public' },
    connect: async (peer: PeerAddress | string) => {
      dialled.set((peer as PeerAddress).id, peer as PeerAddress);
      throw new Error('nobody listens there');
    },
    whereaboutsOf: async (id: string) => ({ id, addresses: [] }),
  };
  const configured = [name(0), name(1), address(1), address(2), name(2)];
  const scopes = Object.fromEntries([0, 1, 2].map((n) => [name(n), 'public' as const]));
  const contacts = new Contacts({ configured, scopes }, { host, log });
  await Promise.allSettled(contacts.look());
  assert.equal(dialled.get(ids[0]!)!.learntFrom, 'public');
  for (const n of [1, 2]) {
    const { learntFrom, addresses } = dialled.get(ids[n]!)!;
    assert.deepEqual(
      { learntFrom, addresses },
      { learntFrom: undefined, addresses: ['/ip4/10.0.0.7/tcp/4001'] },
    );
  }
});
