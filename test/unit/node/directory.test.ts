import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { toHex } from '#base';
import type { Library } from '../../../src/node/models/library.ts';
import { addressesToTell, pagesOf, type Word } from '../../../src/node/peers/announcement.ts';
import type { Directory } from '../../../src/node/peers/directory.ts';
import type { Source } from '../../../src/node/peers/known-node.ts';
import { KnownNodes } from '../../../src/node/peers/known-nodes.ts';
import { networkView } from '../../../src/node/peers/views.ts';
import type { ModelGuard } from '../../../src/node/security/model-guard.ts';
import type { ReportChecker } from '../../../src/node/security/report-checker.ts';
import { securityView } from '../../../src/node/security/security-view.ts';
import {
  announce,
  describe,
  directoryWorld,
  type Identity,
  identity,
  question,
} from '../../support/announcing.ts';

const DAY_MS = 86_400_000;
const holding = (manifest = new Uint8Array(randomBytes(32))) => ({
  manifest,
  bytesHave: 1,
  bytesTotal: 1,
  blocks: null,
});
const identities = (count: number): Promise<Identity[]> =>
  Promise.all(Array.from({ length: count }, identity));

test('an announcement of yesterday, of tomorrow, or sooner than allowed after the last one is no news', async () => {
  const { directory, hear, told, connect } = await directoryWorld();
  const [node, peer, third] = (await identities(3)) as [Identity, Identity, Identity];
  for (const { id } of [peer, third]) connect(id);
  const now = Date.now();
  for (const time of [now - DAY_MS, now - 601_000, now + 130_000])
    await hear(announce(node, { time }), peer.id);
  assert.equal(directory.find(node.id), undefined);
  await hear(announce(node, { time: now - 1_000 }), peer.id);
  assert.deepEqual(told(node.id), [third.id]);
  await hear(announce(node, { time: now - 1_000 }), peer.id);
  await hear(announce(node, { time: now - 900, name: 'soon', roles: [] }), peer.id);
  assert.deepEqual(told(node.id), [third.id]);
  assert.equal(directory.find(node.id)?.name, 'x');
  await hear(announce(node, { time: now, name: 'later', roles: [] }), peer.id);
  assert.deepEqual(told(node.id), [third.id, third.id]);
  assert.equal(directory.find(node.id)?.name, 'later');
  directory.stop();
});

test('a node introduces itself and nobody else, and is told of few others however many are known', async () => {
  const { directory, meet, hear, connect } = await directoryWorld({}, { sample: 4096 });
  const [peer, other, ...many] = await identities(202);
  connect(peer!.id);
  for (const node of many) await hear(announce(node), peer!.id);
  await assert.rejects(meet(question(announce(other!)), peer!.id), { code: 'ANNOUNCEMENT_INVALID' });
  assert.equal(directory.find(other!.id), undefined);
  const { words } = await meet(question(announce(peer!)), peer!.id);
  assert.ok(directory.find(peer!.id)?.reachable);
  assert.equal(words.length, 64);
  assert.ok(words.some(({ id }) => id !== peer!.id));
  const { words: few } = await meet(question(announce(peer!, { time: 0 }), { room: 2_000 }), peer!.id);
  assert.ok(few.length > 2 && few.length < 8, `${few.length}`);
  directory.stop();
});

test('a node of many models and many addresses is announced on pages, and found by all of them', async () => {
  const own = Array.from({ length: 200 }, () => holding());
  const addresses = Array.from({ length: 40 }, (_, i) => `/ip4/10.0.0.${i + 1}/tcp/1`);
  const world = await directoryWorld({ holdings: own, addresses, name: 'n'.repeat(80) });
  const [peer, other] = [(await identities(1))[0]!, await directoryWorld()];
  world.connect(peer.id);
  other.connect('teller');
  const [word] = (await world.meet(question(announce(peer)), peer.id)).words as [Word];
  assert.equal(word.pages.length, 4);
  assert.equal(await other.hear(word, 'teller'), 'heard');
  const [node] = other.directory.nodes().filter(({ name }) => name.startsWith('nn'));
  assert.deepEqual(
    node?.holdings.map(({ manifest }) => toHex(manifest)),
    own.map(({ manifest }) => toHex(manifest)),
  );
  assert.equal(node.addresses.length, 16);
  assert.equal(other.directory.holdersOf(toHex(own[199]!.manifest)).length, 1);
  const few = describe({ id: node.id } as Identity, { holdings: own.slice(0, 2) });
  assert.equal(pagesOf(few).length, 1);
  for (const each of [world.directory, other.directory]) each.stop();
});

test('what a node does not hold any more is not found with it, on whatever page it was', async () => {
  const { directory, hear, connect } = await directoryWorld();
  const [node, peer] = (await identities(2)) as [Identity, Identity];
  connect(peer.id);
  const [a, b] = [holding(), holding()];
  const now = Date.now();
  await hear(announce(node, { time: now - 2_000, page: 0, pages: 2, holdings: [a] }), peer.id);
  await hear(announce(node, { time: now - 2_000, page: 1, pages: 2, holdings: [b] }), peer.id);
  for (const { manifest } of [a, b]) assert.equal(directory.holdersOf(toHex(manifest)).length, 1);
  await hear(announce(node, { time: now, holdings: [a] }), peer.id);
  assert.equal(directory.holdersOf(toHex(a.manifest)).length, 1);
  assert.equal(directory.holdersOf(toHex(b.manifest)).length, 0);
  assert.deepEqual(directory.mostHeld(5), [toHex(a.manifest)]);
  directory.stop();
});

test('strangers told of by thousands take neither the places of nodes that were met nor all the others', () => {
  const connected = new Set(['friend']);
  const known = new KnownNodes({ selfId: 'self' }, { isConnected: (id) => connected.has(id) });
  const learn = (id: string, source: Partial<Source>, now: number) => {
    const announcement = describe({ id } as Identity, { time: now });
    const sealed = { id, sealed: new Uint8Array() };
    return known.learn(
      announcement,
      sealed,
      { proven: false, origin: 'attacker', scope: 'public', ...source },
      now,
    );
  };
  learn('self', { proven: true, origin: 'self' }, 0);
  for (const id of ['friend', 'guest']) learn(id, { proven: true, origin: id }, 1);
  learn('heard of', { origin: 'friend' }, 1);
  for (let i = 0; i < 5_000; i++) learn(`stranger ${i}`, {}, 2 + i / 100);
  assert.ok(known.size > 4_000 && known.size <= 4_096);
  for (const id of ['self', 'friend', 'guest', 'heard of']) assert.ok(known.has(id), id);
  assert.ok(learn('newcomer', { proven: true, origin: 'elsewhere' }, 100));
  for (let i = 0; i < 500; i++) learn(`more ${i}`, {}, 101);
  assert.ok(known.find('newcomer', 102)?.reachable);
  for (let i = 0; i < 5_000; i++) learn(`met ${i}`, { proven: true }, 103);
  for (const id of ['self', 'friend', 'guest', 'newcomer']) assert.ok(known.has(id), id);
  for (let i = 0; i < 100; i++) learn(`told ${i}`, {}, 104);
  for (const id of ['self', 'friend', 'guest', 'newcomer']) assert.ok(known.has(id), id);
});

test('one teller names so many nodes at a time, and no more', async () => {
  const { directory, hear, connect } = await directoryWorld({}, { now: () => 0, sample: 4096 });
  const [peer, other, ...many] = await identities(262);
  for (const { id } of [peer!, other!]) connect(id);
  for (const node of many) await hear(announce(node), peer!.id);
  assert.equal(directory.nodes().length, 257);
  await hear(announce(many.at(-1)!), other!.id);
  assert.ok(directory.find(many.at(-1)!.id));
  directory.stop();
});

test('addresses are believed only of who can have them, and others are not passed on', async () => {
  const { directory, hear, told, connect } = await directoryWorld();
  const [far, near, third, a, b, c] = (await identities(6)) as [
    Identity,
    Identity,
    Identity,
    Identity,
    Identity,
    Identity,
  ];
  connect(far.id, 'public');
  for (const { id } of [near, third]) connect(id, 'private');
  const addresses = [
    '/ip4/127.0.0.1/tcp/22',
    '/ip4/10.0.0.1/tcp/22',
    '/ip4/8.8.8.8/tcp/1',
    '/ip4/\0/tcp/1',
    '/dns/x/tcp/0',
  ];
  await hear(announce(a, { addresses }), far.id);
  assert.deepEqual(told(a.id), []);
  assert.deepEqual(directory.find(a.id)?.addresses, ['/ip4/8.8.8.8/tcp/1']);
  await hear(announce(b, { addresses: addresses.slice(1, 3) }), near.id);
  assert.deepEqual(told(b.id).sort(), [far.id, third.id].sort());
  assert.deepEqual(directory.find(b.id)?.addresses, ['/ip4/10.0.0.1/tcp/22', '/ip4/8.8.8.8/tcp/1']);
  assert.equal(directory.find(b.id)?.learntFrom, 'private');
  await hear(announce(c, { addresses: [`/ip4/8.8.8.8/tcp/1/p2p/${a.id}`] }), far.id);
  assert.deepEqual(told(c.id), []);
  assert.deepEqual(directory.find(c.id)?.addresses, []);
  directory.stop();
});

test('a node tells its addresses of the widest scope that it has or reaches, and no others', () => {
  const own = ['/ip4/127.0.0.1/tcp/1/p2p/A', '/ip4/10.0.0.1/tcp/1/p2p/A', '/ip4/8.8.8.8/tcp/1/p2p/A'];
  assert.deepEqual(addressesToTell(own, []), own.slice(2));
  assert.deepEqual(addressesToTell(own.slice(0, 2), ['loopback']), own.slice(1, 2));
  assert.deepEqual(addressesToTell(own.slice(0, 1), []), own.slice(0, 1));
  assert.deepEqual(addressesToTell(own.slice(0, 2), ['public']), []);
});

test('what is shown of thousands of nodes reads each of their holdings once or twice, and then not again', () => {
  let reads = 0;
  const manifests = Array.from({ length: 1_000 }, () => new Uint8Array(randomBytes(32)));
  const counted = (manifest: Uint8Array) => ({
    get manifest() {
      reads++;
      return manifest;
    },
    ...{ bytesHave: 1, bytesTotal: 1, blocks: null },
  });
  const [nodes, each] = [2_000, 20];
  const known = new KnownNodes({ selfId: 'self' }, { isConnected: () => true });
  for (let i = 0; i < nodes; i++) {
    const holdings = Array.from({ length: each }, (_, j) => counted(manifests[(i * 7 + j * 13) % 1_000]!));
    const announcement = describe({ id: `node ${i}` } as Identity, { holdings });
    const source: Source = { proven: true, origin: 'o', scope: 'public' };
    known.learn(announcement, { id: '', sealed: new Uint8Array() }, source, 1);
  }
  const directory = {
    nodes: () => known.all(2),
    find: (id: string) => known.find(id, 2),
    holdersOf: (id: string) => known.holdersOf(id, 2),
    nameOf: (id: string) => known.nameOf(id),
  } as unknown as Directory;
  const library = { all: () => [], find: () => undefined } as unknown as Library;
  const clearance = { manifests: () => [], about: () => [], stateOf: () => 'pending', trust: ['a'] };
  const guard = { clearance } as unknown as ModelGuard;
  const notices = { view: () => [] };
  const shared = {
    directory,
    library,
    guard,
    notices,
    examining: undefined,
    sandbox: undefined,
    updates: undefined,
  };
  reads = 0;
  const security = securityView({ ...shared, checks: {} as ReportChecker });
  const network = networkView({ ...shared, host: { id: 'self', reach: undefined } });
  assert.equal(security.models.length, 100);
  assert.equal(network.nodes.length, nodes);
  assert.ok(reads <= 2 * nodes * each, `${reads} reads`);
  reads = 0;
  networkView({ ...shared, host: { id: 'self', reach: undefined } });
  assert.equal(directory.holdersOf(toHex(manifests[0]!)).length, (nodes * each) / 1_000);
  assert.equal(reads, 0);
});

test('a name is one clean line wherever it is used', async () => {
  const { directory, hear, connect } = await directoryWorld();
  const [node, hidden, peer] = (await identities(3)) as [Identity, Identity, Identity];
  connect(peer.id);
  await hear(announce(node, { name: '\u001b]52;c;cm0=\u0007\u001b[2Jfriend\n\u202e' }), peer.id);
  await hear(announce(hidden, { name: '\u200b\u0007' }), peer.id);
  assert.equal(directory.nameOf(node.id), ']52;c;cm0= [2Jfriend');
  assert.equal(directory.find(hidden.id)?.name, hidden.id.slice(-8));
  directory.stop();
});

test('what a distant node says of near addresses, or of names, reaches nobody through us', async () => {
  const near = ['/ip4/127.0.0.1/tcp/22', '/ip4/192.168.1.1/tcp/80', '/dns4/rebind.example.org/tcp/22'];
  for (const address of near) {
    const { directory, meet, hear, told, connect } = await directoryWorld();
    const [stranger, newcomer] = (await identities(2)) as [Identity, Identity];
    connect(stranger.id, 'public');
    connect(newcomer.id, 'loopback');
    const time = Date.now() - 1_000;
    await meet(question(announce(stranger, { addresses: [address], time })), stranger.id);
    assert.deepEqual(told(stranger.id), [], address);
    const { words } = await meet(question(announce(newcomer)), newcomer.id);
    assert.deepEqual(
      words.filter(({ id }) => id === stranger.id),
      [],
      address,
    );
    await hear(announce(stranger, { addresses: [address] }), stranger.id);
    assert.deepEqual(told(stranger.id), [], address);
    assert.deepEqual(directory.find(stranger.id)?.addresses, [], address);
    directory.stop();
  }
});

test('who introduces itself is told what was heard of it before, so that it notices a copy of itself', async () => {
  const [world, node] = [await directoryWorld(), await identity()];
  world.connect(node.id);
  const of = (ago: number) => announce(node, { time: Date.now() - ago });
  const [first, second] = [of(10_000), of(5_000)];
  const lastWord = async (word: Word) => (await world.meet(question(word), node.id)).words[0];
  await lastWord(first);
  assert.deepEqual(await lastWord(second), first);
  assert.deepEqual(await lastWord(of(0)), second);
  world.directory.stop();
});
