import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Budgets } from '#network';
import { afterwards, KiB, MiB, makeTorrent, startSwarm, temporaryDirectory } from '../../support/swarm.ts';

/** A connection that says nothing and never closes by itself. */
async function strangerAt(
  t: TestContext,
  port: number,
): Promise<{ socket: Socket; closed: Promise<unknown> }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined).resume();
  afterwards(t, () => socket.destroy());
  const closed = Promise.race([once(socket, 'end'), once(socket, 'close')]);
  await once(socket, 'connect');
  return { socket, closed };
}

const stillOpen = Symbol('still open');
const stateOf = (closed: Promise<unknown>) =>
  Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 100, stillOpen))]);

test('one address gets a share of the connections, and what it gives up is free again', async (t) => {
  const swarm = await startSwarm(t, { maxPeersPerAddress: 2 });
  const first = await strangerAt(t, swarm.port);
  const second = await strangerAt(t, swarm.port);
  await (await strangerAt(t, swarm.port)).closed;
  first.socket.destroy();
  assert.equal(await stateOf(second.closed), stillOpen);
  const next = await strangerAt(t, swarm.port);
  assert.equal(await stateOf(next.closed), stillOpen);
});

test('connections are charged to the budget of their address, and beyond it closed', async (t) => {
  const limits = { bytesPerSecond: 1, burstBytes: 1, cpuMsPerSecond: 1, burstCpuMs: 1 };
  const budgets = new Budgets({
    peer: { ...limits, heldBytes: 800 * KiB },
    address: { ...limits, heldBytes: 800 * KiB },
    all: { ...limits, heldBytes: 64 * MiB },
  });
  const swarm = await startSwarm(t, {}, (host) => budgets.of(`address ${host}`, host));
  const open = [await strangerAt(t, swarm.port), await strangerAt(t, swarm.port)];
  await (await strangerAt(t, swarm.port)).closed;
  for (const { closed } of open) assert.equal(await stateOf(closed), stillOpen);
  open[0]!.socket.destroy();
  let next = await strangerAt(t, swarm.port);
  while ((await stateOf(next.closed)) !== stillOpen) next = await strangerAt(t, swarm.port);
});

test('an address whose places are taken is not dialled', async (t) => {
  const home = await temporaryDirectory(t);
  const metainfo = await makeTorrent(home, { 'a.bin': 64 * KiB });
  let accepted = 0;
  const listeners = [1, 2, 3].map(() => createServer(() => accepted++).listen(0, '127.0.0.1'));
  await Promise.all(listeners.map((listener) => once(listener, 'listening')));
  const swarm = await startSwarm(t, { maxPeersPerAddress: 2 });
  afterwards(t, () => {
    for (const listener of listeners) listener.close();
  });
  const torrent = await swarm.add({ metainfo, directory: home, trackers: [] });
  for (const listener of listeners) {
    torrent.addPeer('127.0.0.1', (listener.address() as { port: number }).port);
  }
  while (accepted < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(accepted, 2);
});

test('stop() ends every connection, whatever the other side does', async (t) => {
  const swarm = await startSwarm(t);
  const silent = await strangerAt(t, swarm.port);
  const greeted = await strangerAt(t, swarm.port);
  const hello = Buffer.concat([Buffer.from('\x13BitTorrent protocol', 'latin1'), randomBytes(48)]);
  greeted.socket.write(hello.subarray(0, 40));
  assert.equal(await stateOf(silent.closed), stillOpen);
  await swarm.stop();
  await Promise.all([silent.closed, greeted.closed]);
});

test('a torrent that is still being verified when the swarm stops is not started', async (t) => {
  const home = await temporaryDirectory(t);
  const metainfo = await makeTorrent(home, { 'a.bin': 4 * MiB });
  const swarm = await startSwarm(t);
  const adding = swarm.add({ metainfo, directory: join(home), trackers: [] });
  await Promise.all([swarm.stop(), assert.rejects(adding, { code: 'TORRENT_STOPPED' })]);
});
