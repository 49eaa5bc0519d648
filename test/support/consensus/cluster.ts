import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256, toHex, utf8 } from '#base';
import { SigningKey } from '#crypto';
import { Host } from '#network';
import type { News, Order, ProcessSettings } from './chain-process.ts';
import { TinyDisk } from './tiny-disk.ts';

const ENTRY = join(import.meta.dirname, 'chain-process.ts');

type Question =
  | { type: 'status' }
  | { type: 'submit'; transaction: string }
  | { type: 'query'; path: string; data: string };

export interface SeenBlock {
  readonly height: number;
  readonly id: string;
  readonly appHash: string;
  /** The sha256 of each. */
  readonly transactions: readonly string[];
  readonly time: number;
  readonly finalityMs?: number | undefined;
  /** When the news of it came. */
  readonly at: number;
}

/** A node process that can be killed and started again on the same data and port. */
export class ChainProcess {
  readonly name: string;
  readonly settings: ProcessSettings;
  /** What is put before the program: where its files are on a disk of their own. */
  prefix: readonly string[] = [];
  /** Every block this node ever called final, by height; a height told twice must be the same block. */
  readonly blocks = new Map<number, SeenBlock>();
  readonly contradictions: string[] = [];
  #child: ChildProcess | undefined;
  #ready: PromiseWithResolvers<number> = Promise.withResolvers();
  readonly #answers = new Map<number, PromiseWithResolvers<unknown>>();
  #asked = 0;
  lives = 0;

  constructor(name: string, settings: ProcessSettings) {
    this.name = name;
    this.settings = settings;
    mkdirSync(settings.home, { recursive: true });
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  get alive(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get height(): number {
    return Math.max(0, ...this.blocks.keys());
  }

  /** Resolves with its height when it is up. */
  start(changes: Partial<ProcessSettings> = {}): Promise<number> {
    this.lives++;
    const log = openSync(this.#logPath, 'a');
    this.#ready = Promise.withResolvers();
    this.#ready.promise.catch(() => undefined);
    const [command = process.execPath, ...args] = [...this.prefix, process.execPath];
    this.#child = fork(ENTRY, [JSON.stringify({ ...this.settings, ...changes })], {
      stdio: ['ignore', log, log, 'ipc'],
      execPath: command,
      execArgv: this.prefix.length > 0 ? args : [],
    });
    closeSync(log);
    this.#child.on('message', (news: News) => this.#hear(news));
    this.#child.once('exit', (code, signal) => {
      const error = new Error(`${this.name} ended (${signal ?? code}): ${this.log.slice(-2000)}`);
      this.#ready.reject(error);
      for (const { reject } of this.#answers.values()) reject(error);
    });
    return this.#ready.promise;
  }

  order(order: Order): void {
    this.#child?.send(order, () => undefined);
  }

  /** Rejects when the process dies before it has answered. */
  ask<T>(order: Question): Promise<T> {
    const number = this.#asked++;
    const answer = Promise.withResolvers<T>();
    this.#answers.set(number, answer as PromiseWithResolvers<unknown>);
    if (!this.alive) answer.reject(new Error(`${this.name} is down`));
    this.order({ ...order, number } as Order);
    return answer.promise.finally(() => this.#answers.delete(number));
  }

  signal(signal: NodeJS.Signals): void {
    if (this.alive) this.#child!.kill(signal);
  }

  /** Resolves when the process is gone. */
  async gone(): Promise<void> {
    if (this.alive) await new Promise((resolve) => this.#child!.once('exit', resolve));
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.gone();
  }

  get log(): string {
    return readFileSync(this.#logPath, 'utf8');
  }

  get #logPath(): string {
    return `${this.settings.home}.log`;
  }

  #hear(news: News): void {
    if (news.type === 'ready') this.#ready.resolve(news.height);
    if (news.type === 'failed') this.#ready.reject(new Error(`${this.name}: ${news.error}`));
    if (news.type === 'answer') this.#answers.get(news.number)?.resolve(news.value);
    if (news.type !== 'block') return;
    const before = this.blocks.get(news.height);
    if (before && (before.id !== news.id || before.appHash !== news.appHash))
      this.contradictions.push(`${this.name} said of height ${news.height} two things`);
    this.blocks.set(news.height, { ...news, at: Date.now() });
  }
}

export interface ClusterOptions {
  readonly validators?: number;
  readonly application?: ProcessSettings['application'];
  /** The genesis file for these keys. */
  readonly genesis: (keys: readonly SigningKey[]) => string;
  readonly skewMs?: readonly number[];
  readonly snapshotEvery?: number;
  /** Threads for verifying in each process; in its main one when absent. */
  readonly threads?: number;
  /** Bytes of a disk of its own that the last validator writes to, where this machine can have one. */
  readonly disk?: number;
}

/** Node processes on this machine, each connected with all others. */
export class Cluster {
  readonly folder: string;
  readonly validators: ChainProcess[];
  /** What the last validator writes to; a text says why it has no disk of its own. */
  disk: TinyDisk | string = 'none was asked for';
  readonly #options: ClusterOptions;
  readonly #genesis: string;
  readonly #contacts: string[];
  #newcomers = 0;

  private constructor(folder: string, options: ClusterOptions, ports: readonly number[], contacts: string[]) {
    this.folder = folder;
    this.#options = options;
    this.#contacts = contacts;
    const keys = ports.map((_, i) => keyOf(`validator ${i}`));
    this.#genesis = join(folder, 'genesis.json');
    writeFileSync(this.#genesis, options.genesis(keys));
    this.validators = ports.map((port, i) =>
      this.#process(`validator-${i}`, port, keys[i]!, options.skewMs?.[i] ?? 0),
    );
  }

  static async make(options: ClusterOptions): Promise<Cluster> {
    const count = options.validators ?? 4;
    const ports = await freePorts(count);
    const ids = await Promise.all(ports.map((_, i) => peerIdOf(keyOf(`node validator-${i}`))));
    const contacts = ports.map((port, i) => `/ip4/127.0.0.1/tcp/${port}/p2p/${ids[i]}`);
    const cluster = new Cluster(mkdtempSync(join(tmpdir(), 'bitorch-chain-')), options, ports, contacts);
    if (options.disk === undefined) return cluster;
    const last = cluster.validators.at(-1)!;
    cluster.disk = await TinyDisk.make(last.settings.home, options.disk);
    if (typeof cluster.disk !== 'string') last.prefix = cluster.disk.prefix;
    return cluster;
  }

  start(): Promise<unknown> {
    return Promise.all(this.validators.map((one) => one.start()));
  }

  /** A node that comes later and only follows, unless it is given a validator's key. */
  async newcomer(key?: SigningKey): Promise<ChainProcess> {
    const [port] = await freePorts(1);
    return this.#process(`newcomer-${this.#newcomers++}`, port!, key, 0);
  }

  async stop(): Promise<void> {
    await Promise.all(this.validators.map((one) => one.kill()));
    if (typeof this.disk !== 'string') await this.disk.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Heights that two nodes know differently, or one of them in two ways. Empty is the only right answer. */
  contradictions(nodes: readonly ChainProcess[] = this.validators): string[] {
    const known = new Map<number, SeenBlock>();
    const found = nodes.flatMap((node) => node.contradictions);
    for (const node of nodes) {
      for (const [height, block] of node.blocks) {
        const other = known.get(height) ?? block;
        known.set(height, other);
        if (other.id !== block.id || other.appHash !== block.appHash)
          found.push(`${node.name} has another block at height ${height}`);
      }
    }
    return found;
  }

  #process(name: string, port: number, key: SigningKey | undefined, skewMs: number): ChainProcess {
    const { application = 'ledger', snapshotEvery, threads } = this.#options;
    return new ChainProcess(name, {
      home: join(this.folder, name),
      genesis: this.#genesis,
      node: toHex(keyOf(`node ${name}`).seed),
      port,
      contacts: this.#contacts.filter((contact) => !contact.includes(`/tcp/${port}/`)),
      skewMs,
      application,
      ...(key && { key: toHex(key.seed) }),
      ...(snapshotEvery && { snapshotEvery }),
      ...(threads && { threads }),
    });
  }
}

export const keyOf = (name: string): SigningKey => new SigningKey(sha256(utf8(name)));

async function peerIdOf(key: SigningKey): Promise<string> {
  const { createLog } = await import('#base');
  const host = await Host.start({ key }, { log: createLog('silent') });
  await host.stop();
  return host.id;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Resolves when `condition` holds; rejects with `what` it is then when it does not in `seconds`. */
export async function until(
  condition: () => boolean,
  what: string | (() => string),
  seconds = 60,
): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!condition()) {
    if (performance.now() > end)
      throw new Error(`in ${seconds} s: not ${typeof what === 'string' ? what : what()}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
