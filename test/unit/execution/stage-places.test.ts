import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { createLog, sha256, utf8 } from '#base';
import {
  ClientSession,
  encodeOpen,
  HIDDEN_PROTOCOL,
  type Observer,
  planSession,
  SESSION_PROTOCOL,
  SessionService,
  type StageOffer,
  type Witness,
} from '#execution';
import { publicKeyOf } from '#network';
import { Doubling } from '../../support/doubling.ts';
import { type LocalHost, LocalNetwork, settle } from '../../support/local-hosts.ts';

const log = createLog('silent');
const manifest = sha256(utf8('a model'));
const WIDTH = 32;
/** Of a `Doubling`. */
const SLOTS = 2;

const witness: Witness = { open: () => ({ record: () => [], close: () => [] }) };
const observer: Observer = { sent: () => undefined, received: () => undefined, evidence: () => undefined };

async function stagesOf(t: TestContext, count: number) {
  const network = new LocalNetwork();
  const route: StageOffer[] = [];
  const services: SessionService[] = [];
  for (let block = 0; block < count; block++) {
    const host = await network.host();
    const service = new SessionService({ host, witness, log });
    await service.start();
    service.offer(manifest, new Doubling(block, block + 1));
    services.push(service);
    route.push({
      id: host.id,
      addresses: [],
      name: `stage ${block + 1}`,
      first: block,
      end: block + 1,
      reachable: true,
    });
  }
  t.after(() => Promise.all(services.map((service) => service.stop())));
  return { network, route, services };
}

async function open(client: LocalHost, route: StageOffer[], plan = planSession(manifest, route)) {
  const session = new ClientSession({ plan, hidden: WIDTH }, { host: client, observer });
  await session.open(AbortSignal.timeout(5_000));
  return session;
}

const states = (rows = 1) => new Float32Array(rows * WIDTH).fill(1);

test('a burst of opens that stages refuse leaves every place free, whenever their streams come up', async (t) => {
  const { network, route } = await stagesOf(t, 3);
  const client = await network.host();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 12 }), { minLength: 8, maxLength: 8 }), async (turns) => {
      let opened = 0;
      network.delay = () => settle(turns[opened++ % turns.length]);
      const burst = await Promise.allSettled(Array.from({ length: 10 }, () => open(client, route)));
      for (const session of burst) if (session.status === 'fulfilled') session.value.abort();
      network.delay = async () => undefined;
      await settle();
      // A client takes no place from itself, so one that is still held would be missed here.
      const sessions = [];
      for (let slot = 0; slot < SLOTS; slot++) sessions.push(await open(client, route));
      for (const session of sessions) session.abort();
      await settle();
    }),
    { numRuns: 30 },
  );
});

test('an open that its client gives up frees every place, also those that stages wait to fill', async (t) => {
  const { network, route, services } = await stagesOf(t, 2);
  const client = await network.host();
  services[1]!.withdraw(manifest);
  for (let tries = 0; tries < 2 * SLOTS; tries++)
    await assert.rejects(open(client, route), /stage 2 .*BLOCKS_NOT_SERVED/);
  await settle();
  for (let slot = 0; slot < SLOTS; slot++) await open(client, route.slice(0, 1));
});

test('a session without a first frame ends after 10 s, one with a frame does not', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { network, route } = await stagesOf(t, 1);
  const client = await network.host();
  const used = await open(client, route);
  await used.forward(0, states());
  const unused = await open(client, route);
  t.mock.timers.tick(9_999);
  await assert.rejects(open(client, route), /STAGE_BUSY/);
  t.mock.timers.tick(1);
  await settle();
  await open(client, route);
  await assert.rejects(unused.forward(0, states()), /SESSION_IDLE/);
  await used.forward(1, states());
});

test('clients that wait are all served, though they want the same stages in opposite order', async (t) => {
  const network = new LocalNetwork();
  const hosts = await Promise.all([network.host(), network.host(), network.host()]);
  const offers = await Promise.all(
    hosts.map(async (host, block) => {
      const service = new SessionService({ host, witness, log });
      await service.start();
      service.offer(manifest, new Doubling(0, 3));
      t.after(() => service.stop());
      return { id: host.id, addresses: [], name: `stage ${block}`, reachable: true };
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(5), { minLength: 4, maxLength: 12 }), async (orders) => {
      const chats = orders.map(async (order, who) => {
        const [a, b, c] = [order % 3, (order + 1 + (order >> 1)) % 3, 0];
        const used = [a, b === a ? (a + 1) % 3 : b];
        const route = [...used, [0, 1, 2].find((stage) => !used.includes(stage)) ?? c].map((stage, hop) => ({
          ...offers[stage]!,
          first: hop,
          end: hop + 1,
        }));
        const client = who < 3 ? hosts[who]! : await network.host();
        const plan = planSession(manifest, route);
        const session = new ClientSession({ plan, hidden: WIDTH }, { host: client, observer });
        await session.wait(new AbortController().signal, () => undefined);
        const out = await session.forward(0, states());
        session.abort();
        return out;
      });
      const outs = await Promise.all(chats);
      for (const out of outs) assert.deepEqual(out, outs[0]);
    }),
    { numRuns: 15 },
  );
});

test('a slot that its client does not confirm in time is free again', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { network, route } = await stagesOf(t, 1);
  const [silent, honest] = [await network.host(), await network.host()];
  const streams = [];
  for (let slot = 0; slot < SLOTS; slot++) {
    const { session, period } = planSession(manifest, route);
    const asked = { session, manifest, first: 0, end: 1, period, previous: null, next: null, wait: true };
    const stream = await silent.open({ id: route[0]!.id, addresses: [] }, SESSION_PROTOCOL, 1 << 20);
    await stream.send(encodeOpen(asked));
    assert.ok(await stream.read(AbortSignal.timeout(5_000)), 'reserved');
    streams.push(stream);
  }
  t.mock.timers.tick(60_000);
  await settle();
  for (let slot = 0; slot < SLOTS; slot++) await open(honest, route);
});

test('whoever holds all places gives one up to a client that has none', async (t) => {
  const { network, route } = await stagesOf(t, 1);
  const [hoarder, honest] = [await network.host(), await network.host()];
  const held = [await open(hoarder, route), await open(hoarder, route)];
  for (const session of held) await session.forward(0, states());
  const session = await open(honest, route);
  assert.deepEqual(await session.forward(0, states()), await held[1]!.forward(0, states()));
  await assert.rejects(held[0]!.forward(1, states()), /PLACE_RECLAIMED/);
  // Now both have their share, and neither takes from the other.
  await assert.rejects(open(honest, route), /STAGE_BUSY/);
  await assert.rejects(open(hoarder, route), /STAGE_BUSY/);
});

test('many identities of one address count as one where places are scarce', async (t) => {
  const { network, route } = await stagesOf(t, 1);
  for (let identity = 0; identity < SLOTS; identity++) await open(await network.host('192.0.2.1'), route);
  await assert.rejects(open(await network.host('192.0.2.1'), route), /STAGE_BUSY/);
  await open(await network.host('198.51.100.7'), route);
});

test('a stream that no client asks for is aborted, and nobody parks many or sends on one', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { network, route } = await stagesOf(t, 1);
  const [stranger, client] = [await network.host(), await network.host()];
  const park = async (session: number) => {
    const stream = await stranger.open({ id: route[0]!.id, addresses: [] }, HIDDEN_PROTOCOL, 1 << 20);
    await stream.send(new Uint8Array(16).fill(session), publicKeyOf(client.id));
    return stream;
  };
  const parked = [];
  for (let i = 0; i < 50; i++) parked.push(await park(i));
  await settle();
  assert.equal(parked.filter(({ ended }) => !ended.aborted).length, 16);
  const flood = parked.at(-1)!.send(new Uint8Array(1));
  assert.ok(parked.at(-1)!.ended.aborted, 'before a second frame is taken');
  await flood;
  t.mock.timers.tick(15_000);
  await settle();
  assert.ok(parked.every(({ ended }) => ended.aborted));
});

test('a stage dials nobody but peers that have announced themselves', async (t) => {
  const network = new LocalNetwork();
  const [stage, client, other] = [await network.host(), await network.host(), await network.host()];
  const service = new SessionService({ host: stage, witness, log, locate: () => undefined });
  await service.start();
  t.after(() => service.stop());
  service.offer(manifest, new Doubling(0, 4));
  let dialled = 0;
  network.delay = async (from) => {
    if (from === stage.id) dialled++;
  };
  const offer = (id: string, first: number): StageOffer => ({
    id,
    addresses: ['/ip4/10.0.0.1/tcp/22'],
    name: 's',
    first,
    end: first + 1,
    reachable: true,
  });
  await assert.rejects(open(client, [offer(other.id, 0), offer(stage.id, 1)]));
  await settle();
  assert.equal(dialled, 0);
});

test("a stranger with a copied session id gets its own session, not the client's streams", async (t) => {
  const { network, route } = await stagesOf(t, 2);
  const [client, stranger] = [await network.host(), await network.host()];
  const plan = planSession(manifest, route);
  const [mine, copy] = await Promise.all([open(client, route, plan), open(stranger, route, plan)]);
  const expected = await mine.forward(0, states(3));
  assert.deepEqual(await copy.forward(0, states(3)), expected);
  assert.deepEqual(await mine.forward(3, states()), await copy.forward(3, states()));
});
