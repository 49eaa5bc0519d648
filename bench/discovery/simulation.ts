import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { createLog, encodeCanonical, sha256, toHex, utf8 } from '#base';
import { SigningKey } from '#crypto';
import type { PeerAddress } from '#network';
import {
  type Announcement,
  type Delta,
  type Description,
  type Holding,
  openAnnouncement,
  openDelta,
} from '../../src/node/peers/announcement.ts';
import { Directory, type DirectoryHost } from '../../src/node/peers/directory.ts';
import { type Lookup, VirtualTable } from './virtual-table.ts';
import { randomOf, VirtualTime } from './virtual-time.ts';

/** TCP/IP, Noise and Yamux around a message, and in each direction what opens a stream. */
const OVERHEAD = 70 + 110;
const LATENCY_MS = [10, 150] as const;
const LOSS = 0.01;
const TIMEOUT_MS = 10_000;
const SESSION_MS = 2 * 3_600_000;
const BOOTSTRAP = 2;
/** The table's own traffic: src/network/reach/dht.ts. */
const LOOK_AT_SELF_MS = 3_600_000;
const REFRESH_MS = 6 * 3_600_000;

export interface Result {
  readonly nodes: number;
  /** Bytes that a node sends a second, on average, while nobody searches; of these, of the hash table. */
  readonly bytesPerSecond: number;
  readonly tableBytesPerSecond: number;
  /** Nodes known to a node, on average. */
  readonly view: number;
  readonly searches: number;
  readonly found: number;
  /** Rounds of questions of a search, one after another, and how long it took. */
  readonly rounds: { readonly mean: number; readonly p95: number };
  readonly milliseconds: { readonly mean: number; readonly p95: number };
  /** What a search sends beside what is sent anyway. */
  readonly bytesPerSearch: number;
}

interface Counters {
  bytes: number;
  table: number;
  byProtocol: Record<string, number>;
}

type Answerer = (message: unknown, from: string) => Promise<unknown>;

/** A node with the real directory over a modelled network. */
class SimulatedNode {
  readonly id: string;
  readonly host: string;
  readonly directory: Directory;
  readonly links = new Map<string, SimulatedNode>();
  readonly answerers = new Map<string, Answerer>();
  readonly holdings: Holding[];
  isAlive = true;
  /** Rounds of the search under way. */
  rounds = 0;
  lose: (peer: string) => void = () => undefined;
  dialled: (peer: string) => void = () => undefined;

  constructor(
    network: Simulation,
    { id, key, index, holdings }: { id: string; key: SigningKey; index: number; holdings: Holding[] },
  ) {
    this.id = id;
    this.host = `${20 + (index >>> 16)}.${(index >>> 8) & 255}.${index & 255}.7`;
    this.holdings = holdings;
    const random = randomOf(index + network.seed * 7919);
    this.directory = new Directory(
      {},
      {
        ...{ key, random, clock: network.time, log: createLog('silent'), open: network.open },
        host: network.hostOf(this),
      },
    );
  }

  describe(date: number): Description {
    return {
      id: this.id,
      name: `node ${this.host}`,
      roles: ['seed', 'run'],
      addresses: [`/ip4/${this.host}/tcp/4001/p2p/${this.id}`],
      time: date,
      audits: true,
      validator: null,
      swarmPort: 6881,
      holdings: this.holdings,
    };
  }
}

/** Nodes that come and go, their connections, and what they send. */
export class Simulation {
  readonly time = new VirtualTime();
  readonly seed: number;
  readonly counters: Counters = { bytes: 0, table: 0, byProtocol: {} };
  readonly table = new VirtualTable();
  readonly #random: () => number;
  readonly #nodes: SimulatedNode[] = [];
  readonly #byId = new Map<string, SimulatedNode>();
  readonly #models: Uint8Array[];
  readonly #wanted: number;
  #made = 0;

  /** Signatures are checked once for all receivers. */
  readonly open = {
    announcement: memoized(
      (id: string, sealed: Uint8Array): Announcement => openAnnouncement({ id, sealed }),
    ),
    delta: memoized((id: string, sealed: Uint8Array): Delta => openDelta(id, sealed)),
  };

  constructor({ nodes, seed }: { nodes: number; seed: number }) {
    this.seed = seed;
    this.#wanted = nodes;
    this.#random = randomOf(seed);
    this.#models = Array.from({ length: Math.max(3, Math.round(nodes / 5)) }, (_, i) =>
      sha256(utf8(`model ${i} ${seed}`)),
    );
  }

  /** All nodes join within `ms` milliseconds, and from then on are replaced when they leave. */
  async fill(ms: number): Promise<void> {
    for (let i = 0; i < this.#wanted; i++) {
      await this.#join();
      await this.time.pass(ms / this.#wanted);
    }
  }

  async measure({ quietMs, searches }: { quietMs: number; searches: number }): Promise<Result> {
    const before = { ...this.counters };
    await this.time.pass(quietMs);
    const seconds = quietMs / 1000;
    const rateOf = (bytes: number) => bytes / seconds / this.#wanted;
    const view = this.#nodes.reduce((sum, { directory }) => sum + directory.nodes().length, 0);
    const rates = {
      bytesPerSecond: rateOf(this.counters.bytes - before.bytes),
      tableBytesPerSecond: rateOf(this.counters.table - before.table),
      view: view / this.#nodes.length,
    };
    const done: { rounds: number; ms: number; found: boolean }[] = [];
    const traffic = this.counters.bytes;
    const started = this.time.now();
    for (let i = 0; i < searches; i++) {
      void this.#search().then((one) => done.push(one));
      await this.time.pass(500);
    }
    await this.time.pass(60_000);
    const spent = this.counters.bytes - traffic;
    const quiet = rates.bytesPerSecond * this.#wanted * ((this.time.now() - started) / 1000);
    const found = done.filter((one) => one.found);
    return {
      nodes: this.#wanted,
      ...rates,
      searches: done.length,
      found: found.length,
      rounds: spread(found.map(({ rounds }) => rounds)),
      milliseconds: spread(found.map(({ ms }) => ms)),
      bytesPerSearch: Math.max(0, spent - quiet) / Math.max(1, done.length),
    };
  }

  /** A node looks for a model that it does not hold; every model is as likely, however few hold it. */
  async #search(): Promise<{ rounds: number; ms: number; found: boolean }> {
    const node = this.#pick(this.#nodes);
    const held = new Set(node.holdings.map(({ manifest }) => manifest));
    const offered = new Set(this.#nodes.flatMap(({ holdings }) => holdings.map(({ manifest }) => manifest)));
    const wanted = [...offered].filter((one) => !held.has(one));
    const model = this.#pick(wanted.length > 0 ? wanted : [...offered]);
    const started = this.time.now();
    node.rounds = 0;
    await node.directory.seek(toHex(model));
    const found = node.directory.holdersOf(toHex(model)).some(({ id }) => id !== node.id);
    return { rounds: node.rounds, ms: this.time.now() - started, found };
  }

  async #join(): Promise<void> {
    const index = this.#made++;
    const seed = sha256(utf8(`node ${index} ${this.seed}`));
    const key = new SigningKey(seed);
    const id = peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', seed)).toString();
    const node = new SimulatedNode(this, { id, key, index, holdings: this.#holdingsOf(index) });
    const others = [...this.#nodes];
    this.#nodes.push(node);
    this.#byId.set(id, node);
    this.table.join(id);
    await node.directory.start(() => node.describe(this.time.date()));
    for (let i = 0; i < BOOTSTRAP && others.length > 0; i++) this.connect(node, this.#pick(others));
    this.time.after(-Math.log(1 - this.#random()) * SESSION_MS, () => this.#leave(node));
    this.#keepTable(node);
  }

  #leave(node: SimulatedNode): void {
    node.isAlive = false;
    node.directory.stop();
    this.#nodes.splice(this.#nodes.indexOf(node), 1);
    this.#byId.delete(node.id);
    this.table.leave(node.id);
    for (const peer of node.links.values()) {
      peer.links.delete(node.id);
      this.time.after(this.latency(node, peer), () => peer.lose(node.id));
    }
    void this.#join();
  }

  /** Every fifth node brings a model that no other may hold; the others take models by popularity (Zipf). */
  #holdingsOf(index: number): Holding[] {
    const count = 1 + Math.floor(this.#random() * 3);
    const drawn = Array.from({ length: count }, () => this.#models[this.#zipf()]!);
    if (index % 5 === 0) drawn.push(this.#models[(index / 5) % this.#models.length]!);
    return [...new Set(drawn)].map((manifest) => ({
      manifest,
      bytesHave: 1e9,
      bytesTotal: 1e9,
      blocks: [0, 16],
    }));
  }

  #zipf(): number {
    return Math.min(this.#models.length - 1, Math.floor(this.#models.length ** this.#random()) - 1);
  }

  #keepTable(node: SimulatedNode): void {
    const every = (ms: number, work: () => void) => {
      const again = () => {
        if (!node.isAlive) return;
        work();
        this.time.after(ms, again);
      };
      this.time.after(ms * this.#random(), again);
    };
    const look = () => {
      const key = sha256(utf8(`${node.id} ${this.#random()}`));
      this.#countTable(this.table.look(node.id, key, false));
    };
    every(LOOK_AT_SELF_MS, look);
    const buckets = Math.max(1, Math.ceil(Math.log2(this.#wanted / 20)));
    every(REFRESH_MS / buckets, look);
  }

  #count(protocol: string, bytes: number): void {
    this.counters.bytes += bytes + OVERHEAD;
    const name = protocol.split('/')[3]!;
    this.counters.byProtocol[name] = (this.counters.byProtocol[name] ?? 0) + bytes + OVERHEAD;
  }

  #countTable({ bytes }: Lookup): void {
    this.counters.bytes += bytes;
    this.counters.table += bytes;
  }

  connect(from: SimulatedNode, to: SimulatedNode): void {
    if (from === to || from.links.has(to.id)) return;
    from.links.set(to.id, to);
    to.links.set(from.id, from);
    from.dialled(to.id);
  }

  latency(a: SimulatedNode, b: SimulatedNode): number {
    const [least, most] = LATENCY_MS;
    const pair = [a.host, b.host].sort().join();
    return least + (most - least) * randomOf(sha256(utf8(pair))[0]! * 7)();
  }

  hostOf(node: SimulatedNode): DirectoryHost {
    const { time, table } = this;
    return {
      id: node.id,
      get connected() {
        return [...node.links.keys()];
      },
      isConnected: (peer) => node.links.has(peer),
      isDirect: () => true,
      scopeOf: () => 'public',
      originOf: (peer) => node.links.get(peer)?.host ?? peer,
      connect: async (peer) => {
        const { id } = peer as PeerAddress;
        const other = await this.#reach(node, id);
        this.connect(node, other);
        return id;
      },
      request: async (peer, protocol, message) => {
        const other = node.links.get(peer.id) ?? (await this.#reach(node, peer.id));
        this.connect(node, other);
        this.#count(protocol, encodeCanonical(message).length);
        if (protocol.includes('/holders/')) node.rounds = Math.max(node.rounds, 1);
        if (this.#random() < LOSS) await this.#fail(TIMEOUT_MS);
        await time.wait(this.latency(node, other));
        const answerer = other.answerers.get(protocol);
        if (!other.isAlive || !answerer) return this.#fail(TIMEOUT_MS);
        const answer = await answerer(message, node.id);
        this.#count(protocol, encodeCanonical({ ok: answer }).length);
        await time.wait(this.latency(node, other));
        return answer;
      },
      answer: async (protocol, answerer) => void node.answerers.set(protocol, answerer),
      onDisconnect: (callback) => {
        node.lose = callback;
      },
      onDial: (callback) => {
        node.dialled = callback;
      },
      onAddresses: () => undefined,
      contentRouting: {
        provide: async (key) => {
          const made = table.provide(node.id, key);
          this.#countTable(made);
          await time.wait(made.rounds * 2 * LATENCY_MS[1]);
        },
        findProviders: async (key, { count }) => {
          const found = table.look(node.id, key);
          this.#countTable(found);
          await time.wait(found.rounds * 2 * LATENCY_MS[1]);
          // The last round is the provider that is met.
          node.rounds += found.rounds + 1;
          return found.providers.slice(0, count).map((id) => ({ id, addresses: [], learntFrom: 'public' }));
        },
      },
    };
  }

  async #reach(from: SimulatedNode, id: string): Promise<SimulatedNode> {
    const other = this.#byId.get(id);
    if (!other) return this.#fail(TIMEOUT_MS);
    await this.time.wait(3 * this.latency(from, other));
    return other.isAlive ? other : this.#fail(TIMEOUT_MS);
  }

  async #fail(ms: number): Promise<never> {
    await this.time.wait(ms);
    throw new Error('not reached');
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random() * items.length)]!;
  }
}

function memoized<T extends object>(open: (id: string, sealed: Uint8Array) => T) {
  const opened = new WeakMap<Uint8Array, T>();
  return (id: string, sealed: Uint8Array): T => {
    const known = opened.get(sealed) ?? open(id, sealed);
    opened.set(sealed, known);
    return known;
  };
}

function spread(values: readonly number[]): { mean: number; p95: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const mean = sorted.reduce((sum, value) => sum + value, 0) / Math.max(1, sorted.length);
  return { mean, p95: sorted[Math.floor(sorted.length * 0.95)] ?? 0 };
}
