import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createLog } from '#base';
import { SigningKey } from '#crypto';
import { type FrameStream, Host, type ReachOptions } from '#network';
import { until } from '../../support/network.ts';
import { afterwards } from '../../support/swarm.ts';

const log = createLog('silent');
const LIMIT = 1 << 20;
const ECHO = '/bitorch/test/echo/1';
const soon = () => AbortSignal.timeout(120_000);

async function startHost(t: TestContext, reach: Partial<ReachOptions>): Promise<Host> {
  const host = await Host.start({ key: SigningKey.generate(), reach }, { log });
  afterwards(t, () => host.stop());
  return host;
}

/** A relay, and a node that is reached through it only. */
async function relayed(t: TestContext) {
  const relay = await startHost(t, { assume: 'direct', relay: true });
  const hidden = await startHost(t, { assume: 'unreachable' });
  await until(() => relay.protocols.some((protocol) => protocol.includes('/circuit/relay/')));
  await hidden.connect({ id: relay.id, addresses: relay.addresses });
  await until(() => hidden.addresses.length > 0);
  await hidden.handle(ECHO, LIMIT, echo, { link: true });
  await hidden.answer('/bitorch/test/who/1', async (_, from) => ({ from }));
  return { relay, hidden, address: { id: hidden.id, addresses: hidden.addresses } };
}

async function echo(stream: FrameStream): Promise<void> {
  for (let frame = await stream.read(); frame; frame = await stream.read()) await stream.send(frame);
  await stream.close();
}

test('streams, links and requests go through a relay', async (t) => {
  const { relay, hidden, address } = await relayed(t);
  assert.equal(hidden.reach?.state, 'relayed');
  assert.deepEqual(hidden.reach?.relays, [relay.id]);
  const client = await startHost(t, { assume: 'unreachable' });
  const stream = await client.open(address, ECHO, LIMIT, { link: true });
  const frames = [1, 70_000, LIMIT].map((size) => new Uint8Array(size).fill(size % 251));
  for (const frame of frames) {
    await stream.send(frame);
    assert.deepEqual(await stream.read(soon()), frame);
  }
  assert.deepEqual(await client.request(address, '/bitorch/test/who/1', {}), { from: client.id });
  assert.ok(!client.isDirect(hidden.id) && client.isDirect(relay.id));
});

test('a relayed peer is not near, though its relay is, and shares its origin with all relayed peers', async (t) => {
  const { relay, hidden, address } = await relayed(t);
  const client = await startHost(t, { assume: 'unreachable' });
  await client.connect(address);
  assert.equal(client.scopeOf(relay.id), 'loopback');
  assert.equal(client.scopeOf(hidden.id), 'public');
  assert.equal(hidden.scopeOf(client.id), 'public');
  assert.equal(client.originOf(hidden.id), 'relayed');
});

test('direct addresses are tried first, and a relay stands in for one that does not answer', async (t) => {
  const { hidden, address } = await relayed(t);
  const open = await startHost(t, {});
  const client = await startHost(t, {});
  const closed = '/ip4/127.0.0.1/tcp/1';
  await client.connect({ ...address, addresses: [...address.addresses, closed] });
  assert.ok(!client.isDirect(hidden.id));
  await client.connect({ id: open.id, addresses: [...address.addresses, ...open.addresses] });
  assert.ok(client.isDirect(open.id));
});

test('a node that strangers do not reach is no relay, and the loss of a relay is noticed', async (t) => {
  const idle = await startHost(t, { relay: true });
  const { relay, hidden } = await relayed(t);
  const lonely = await startHost(t, { assume: 'unreachable' });
  await lonely.connect({ id: idle.id, addresses: idle.addresses });
  assert.ok(!idle.protocols.some((protocol) => protocol.includes('/circuit/relay/0.2.0/hop')));
  await relay.stop();
  await until(() => hidden.reach?.state === 'unreachable' && hidden.addresses.length === 0);
});
