import assert from 'node:assert/strict';
import { afterEach, mock, test } from 'node:test';
import { createLog } from '#base';
import { SigningKey } from '#crypto';
import { Contacts, type PeerAddress } from '#network';
import type { ContactsDependencies } from '../../../src/network/contacts.ts';
import { peerIdOf } from '../../support/peer-ids.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A network in memory: who listens, who is connected with whom, and a clock that a test moves on. */
class World {
  now = 0;
  readonly nodes = new Map<string, Node>();
  readonly #links = new Set<string>();

  constructor() {
    mock.timers.enable({ apis: ['setInterval'] });
  }

  node(id: string, named: readonly string[] = []): Node {
    const node = new Node(this, id, named);
    this.nodes.set(id, node);
    return node;
  }

  link(a: string, b: string): void {
    this.#links.add([a, b].sort().join('|'));
  }

  cut(id: string): void {
    for (const link of this.#links) if (link.split('|').includes(id)) this.#links.delete(link);
  }

  connectedWith(id: string): string[] {
    const links = [...this.#links].map((link) => link.split('|'));
    return links.filter((ends) => ends.includes(id)).map((ends) => ends.find((end) => end !== id)!);
  }

  /** Half a second at a time. */
  async pass(ms: number): Promise<void> {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += 500;
      mock.timers.tick(500);
      await settle();
    }
  }

  end(): void {
    for (const { contacts } of this.nodes.values()) void contacts.stop();
    mock.timers.reset();
  }
}

class Node {
  readonly id: string;
  readonly world: World;
  readonly dialed: string[] = [];
  readonly asked: string[] = [];
  contacts!: Contacts;
  isUp = true;
  /** How often it still fails to say where it listens. */
  silent = 0;
  /** How many dials to it still fail. */
  deaf = 0;
  /** The address groups of others; all are of this machine when it is not told. */
  groups: ((id: string) => string) | undefined;

  constructor(world: World, id: string, named: readonly string[]) {
    this.world = world;
    this.id = id;
    this.start(named);
  }

  start(named: readonly string[]): void {
    this.isUp = true;
    this.contacts = new Contacts(
      { configured: named },
      {
        host: this.#host(),
        log: createLog('silent'),
        now: () => this.world.now,
        random: () => 0.5,
      },
    );
    void this.contacts.start();
  }

  stop(): void {
    this.isUp = false;
    void this.contacts.stop();
    this.world.cut(this.id);
  }

  #host(): ContactsDependencies['host'] {
    const { id: self, world } = this;
    return {
      id: self,
      get connected() {
        return world.connectedWith(self);
      },
      scopeOf: () => (this.groups ? 'public' : 'loopback'),
      originOf: (id) => this.groups?.(id) ?? '127.0.0.1',
      connect: async (to: PeerAddress | string) => {
        const { id, addresses } = to as PeerAddress;
        this.dialed.push(id);
        if (addresses.length === 0) throw new Error('nobody knows where it is');
        const other = world.nodes.get(id);
        if (!other?.isUp) throw new Error('nobody is there');
        if (other.deaf-- > 0) throw new Error('not now');
        world.link(self, id);
        return id;
      },
      whereaboutsOf: async (id) => {
        this.asked.push(id);
        const other = world.nodes.get(id);
        if (!world.connectedWith(self).includes(id)) return { id, addresses: [] };
        if (other && other.silent-- > 0) throw new Error('it does not say');
        return { id, addresses: ['/ip4/127.0.0.1/tcp/1'] };
      },
    };
  }
}

afterEach(() => mock.timers.reset());

const DIALED = await peerIdOf(SigningKey.generate());
const contactOf = (id: string): string => `/ip4/127.0.0.1/tcp/1/p2p/${id}`;

test('two nodes that have met meet again, whoever dialed, forgot, came late or could not be reached at first', async (t) => {
  for (const restarts of ['neither', 'dialer', 'dialed'] as const)
    for (const awayMs of [0, 500, 5_000, 60_000])
      for (const silent of [0, 1, 3])
        for (const deaf of [0, 1, 4])
          await t.test(`${restarts} restarts, ${awayMs} ms, ${silent} silent, ${deaf} deaf`, async () => {
            const world = new World();
            const dialed = world.node(DIALED);
            const dialer = world.node('dialer', [contactOf(DIALED)]);
            for (const node of [dialed, dialer]) node.silent = silent;
            await world.pass(1_000);
            for (const [node, other] of [
              [dialer, dialed],
              [dialed, dialer],
            ] as const) {
              assert.deepEqual(world.connectedWith(node.id), [other.id]);
              node.contacts.metOnChain(other.id);
            }
            await world.pass(10_000);
            for (const node of [dialed, dialer]) node.deaf = deaf;
            // A node that restarts without a file has forgotten the other.
            const gone = restarts === 'dialer' ? dialer : dialed;
            if (restarts === 'neither') world.cut('dialer');
            else gone.stop();
            await world.pass(awayMs);
            if (restarts !== 'neither') gone.start([]);
            await world.pass(90_000);
            assert.deepEqual(world.connectedWith('dialer'), [DIALED]);
            world.end();
          });
});

test('a connected node is asked repeatedly where it listens: it may move, or not answer at first', async () => {
  const world = new World();
  const node = world.node('node');
  const other = world.node('other');
  other.silent = 2;
  world.link('node', 'other');
  node.contacts.metOnChain('other');
  await world.pass(120_000);
  assert.ok(node.asked.length >= 8 && node.asked.length <= 16, `${node.asked.length}`);
  world.end();
});

test('forty nodes of the chain are remembered, and those that were connected longest are kept longest', async () => {
  const world = new World();
  const node = world.node('node');
  const honest = Array.from({ length: 20 }, (_, i) => `honest ${i}`);
  node.groups = (id) => id;
  for (const id of honest) {
    world.link('node', id);
    node.contacts.metOnChain(id);
  }
  await world.pass(60_000);
  for (let i = 0; i < 1_000; i++) {
    world.link('node', `stranger ${i}`);
    node.contacts.metOnChain(`stranger ${i}`);
    if (i % 100 === 0) await world.pass(500);
  }
  world.cut('node');
  await world.pass(5_000);
  assert.equal(new Set(node.dialed).size, 40);
  for (const id of honest) assert.ok(node.dialed.includes(id), id);
  assert.ok(node.dialed.includes('stranger 999'));
  world.end();
});

test('strangers that came first and stay have few slots if they share an address', async () => {
  const world = new World();
  const node = world.node('node');
  node.groups = (id) => (id.startsWith('stranger') ? 'one house' : id);
  for (let i = 0; i < 100; i++) {
    world.link('node', `stranger ${i}`);
    node.contacts.metOnChain(`stranger ${i}`);
  }
  await world.pass(60_000);
  const honest = Array.from({ length: 20 }, (_, i) => `honest ${i}`);
  for (const id of honest) {
    world.link('node', id);
    node.contacts.metOnChain(id);
  }
  world.cut('node');
  await world.pass(5_000);
  const dialed = new Set(node.dialed);
  assert.equal([...dialed].filter((id) => id.startsWith('stranger')).length, 4);
  for (const id of honest) assert.ok(dialed.has(id), id);
  world.end();
});

test('a node is forgotten an hour after its last connection', async () => {
  const world = new World();
  const node = world.node('node');
  world.link('node', 'gone');
  node.contacts.metOnChain('gone');
  await world.pass(60_000);
  world.cut('node');
  await world.pass(3_600_000);
  assert.ok(node.dialed.includes('gone'));
  node.dialed.length = 0;
  await world.pass(60_000);
  assert.deepEqual(node.dialed, []);
  world.end();
});
