import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createLog, sha256, utf8 } from '#base';
import { SigningKey } from '#crypto';
import {
  ClientSession,
  type Observer,
  planSession,
  SessionService,
  type StageOffer,
  type Witness,
} from '#execution';
import { Host } from '#network';
import { Doubling } from '../../support/doubling.ts';

const log = createLog('silent');
const manifest = sha256(utf8('a model'));
const WIDTH = 32;

const noWitness: Witness = { open: () => ({ record: () => [], close: () => [Uint8Array.of(7)] }) };
const quiet = (): Observer & { evidenceOf: number[] } => ({
  evidenceOf: [],
  sent: () => undefined,
  received: () => undefined,
  evidence(hop) {
    this.evidenceOf.push(hop);
  },
});

async function network(t: TestContext, ranges: [number, number][]) {
  const hosts = await Promise.all(
    [...ranges, null].map(() => Host.start({ key: SigningKey.generate() }, { log })),
  );
  const client = hosts.pop()!;
  const locate = (id: string) => hosts.find((host) => host.id === id);
  const services = hosts.map((host) => new SessionService({ host, witness: noWitness, log, locate }));
  const route: StageOffer[] = [];
  for (const [i, [first, end]] of ranges.entries()) {
    await services[i]!.start();
    services[i]!.offer(manifest, new Doubling(first, end));
    const { id, addresses } = hosts[i]!;
    route.push({ id, addresses, name: `stage ${i + 1}`, first, end, reachable: true });
  }
  t.after(async () => {
    await Promise.all(services.map((service) => service.stop()));
    await Promise.all([client, ...hosts].map((host) => host.stop()));
  });
  return { client, hosts, services, route };
}

const open = async (client: Host, route: StageOffer[], observer = quiet()) => {
  const session = new ClientSession(
    { plan: planSession(manifest, route), hidden: WIDTH },
    { host: client, observer },
  );
  await session.open(AbortSignal.timeout(120_000));
  return session;
};

const input = (rows: number) => Float32Array.from({ length: rows * WIDTH }, (_, i) => (i % 7) - 3);

test('three stages give what one gives, for long inputs, steps and steps back', async (t) => {
  const { client, route } = await network(t, [
    [0, 2],
    [2, 3],
    [3, 5],
  ]);
  const whole = new Doubling(0, 5);
  const observer = quiet();
  const session = await open(client, route, observer);
  const expected = (position: number, rows: number) =>
    whole.forward(
      Array.from({ length: rows }, (_, i) => ({ slot: 0, position: position + i })),
      input(rows),
    );
  for (const [position, rows] of [
    [0, 300],
    [300, 1],
    [301, 1],
    [10, 2],
    [12, 100],
  ] as const) {
    assert.deepEqual(await session.forward(position, input(rows)), await expected(position, rows));
  }
  await session.close();
  assert.deepEqual(observer.evidenceOf.sort(), [0, 1, 2]);
});

test('a stage serves several sessions, refuses when full, and frees its slots', async (t) => {
  const { client, route } = await network(t, [
    [0, 1],
    [1, 2],
  ]);
  const sessions = [await open(client, route), await open(client, route)];
  await assert.rejects(open(client, route), /stage [12] \(blocks .*all 2 session slots are taken/);
  const answers = await Promise.all(sessions.map((session) => session.forward(0, input(40))));
  assert.deepEqual(answers[0], answers[1]);
  for (const session of sessions) await session.close();
  await (await open(client, route)).close();
});

test('errors name the stage: gap, context, unknown blocks, a stage that stops', async (t) => {
  const { client, route, services } = await network(t, [
    [0, 1],
    [1, 2],
  ]);
  const gap = await open(client, route);
  await assert.rejects(gap.forward(5, input(1)), (e: Error) =>
    /stage 1 \(blocks 0–0\).*only 0 positions are computed/.test(e.message),
  );
  const far = await open(client, route);
  await assert.rejects(far.forward(500, input(50)), { code: 'CONTEXT_EXCEEDED' });
  await assert.rejects(
    open(client, [route[0]!, { ...route[1]!, end: 9 }]),
    /stage 2 .*does not serve blocks/,
  );
  far.abort();

  const session = await open(client, route);
  await session.forward(0, input(3));
  await services[1]!.stop();
  await assert.rejects(session.forward(3, input(1)), (e: Error) =>
    /stage 2 \(blocks 1–1\) failed/.test(e.message),
  );
});

test('hidden states with NaN are refused at the border', async (t) => {
  const { client, route } = await network(t, [[0, 1]]);
  const session = await open(client, route);
  await assert.rejects(session.forward(0, new Float32Array(WIDTH).fill(Number.NaN)), /NaN or infinity/);
});
