import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { SigningKey } from '#crypto';
import { type Metainfo, peerIdOf, Swarm } from '#distribution';
import { Host, type PeerAddress, type ReachOptions } from '#network';
import { until } from '../../support/network.ts';
import { afterwards, hashFiles, KiB, makeTorrent, quiet, temporaryDirectory } from '../../support/swarm.ts';

const WIRE = '/bitorch/distribution/wire/1';

async function startHost(t: TestContext, reach: Partial<ReachOptions>): Promise<Host> {
  const host = await Host.start({ key: SigningKey.generate(), reach }, { log: quiet });
  afterwards(t, () => host.stop());
  return host;
}

/** A node's host and swarm. */
async function startNode(t: TestContext, reach: Partial<ReachOptions>) {
  const host = await startHost(t, reach);
  const swarm = new Swarm({ peerId: peerIdOf(host.id) }, { log: quiet, host });
  await swarm.start();
  afterwards(t, () => swarm.stop());
  return { host, swarm, address: () => ({ id: host.id, addresses: host.addresses }) };
}

/** A relay, and two nodes that are reached through it only; the first one seeds a torrent. */
async function behindRouters(t: TestContext) {
  const relay = await startHost(t, { assume: 'direct', relay: true });
  await until(() => relay.protocols.some((protocol) => protocol.includes('/circuit/relay/')));
  const start = async () => {
    const node = await startNode(t, { assume: 'unreachable' });
    await node.host.connect({ id: relay.id, addresses: relay.addresses });
    await until(() => node.host.addresses.length > 0);
    return node;
  };
  const [seeder, leecher] = [await start(), await start()];
  const home = await temporaryDirectory(t);
  const metainfo = await makeTorrent(home, { 'a.bin': 200 * KiB });
  const source = await seeder.swarm.add({ metainfo, directory: home, trackers: [] });
  return { seeder, leecher, metainfo, source, home };
}

const leech = async (
  t: TestContext,
  swarm: Swarm,
  metainfo: Metainfo,
  nodes: () => readonly PeerAddress[],
) => {
  const directory = await temporaryDirectory(t);
  return swarm.add({ metainfo, directory, trackers: [], want: 'all', nodes });
};

test('two nodes that no TCP connection reaches exchange pieces through their relay', async (t) => {
  const { seeder, leecher, metainfo, home, source } = await behindRouters(t);
  const torrent = await leech(t, leecher.swarm, metainfo, () => [seeder.address()]);
  await torrent.wait('all');
  assert.deepEqual(await hashFiles(torrent.directory, metainfo), await hashFiles(home, metainfo));
  assert.ok(!leecher.host.isDirect(seeder.host.id));
  assert.deepEqual(
    torrent.peers().map(({ peerId, address }) => ({ peerId, address })),
    [{ peerId: peerIdOf(seeder.host.id), address: `/p2p/${seeder.host.id}` }],
  );
  await until(() => ![...torrent.connected, ...source.connected].length);
});

test('the id in a tunnel is that of its node, or the tunnel ends', async (t) => {
  const { seeder, leecher, metainfo, source } = await behindRouters(t);
  const greet = async (peerId: Uint8Array) => {
    const stream = await leecher.host.open(seeder.address(), WIRE, 64 * KiB, { link: true });
    const head = Buffer.from('\x13BitTorrent protocol\0\0\0\0\0\0\0\0', 'latin1');
    await stream.send(head, metainfo.infohash, peerId);
    return stream;
  };
  const liar = await greet(peerIdOf(seeder.host.id).fill(7));
  await until(() => liar.ended.aborted);
  assert.equal([...source.connected].length, 0);
  const honest = await greet(peerIdOf(leecher.host.id));
  await until(() => [...source.connected].length === 1);
  honest.abort();
});
