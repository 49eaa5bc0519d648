/** Looks at every node all the while, and says at the end which bars were not held. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, messageOf } from '#base';
import type { NodeClient, ProcessView } from './api.ts';
import { pause } from './scene.ts';

const LOOK_MS = 2_000;
/** An honest node that another shows as unreachable for so long was cut off. */
const CUT_OFF_MS = 30_000;
/** So long without a new block is a standstill. */
const STANDSTILL_MS = 60_000;
export const HELD_MS = 100;
/** Of the memory in use, from the first third after warming up to the last one. */
const GROWTH = 0.15;
const GROWTH_BYTES = 20 << 20;
/** A part of the run at its beginning, while caches and pools fill. */
const WARM_UP = 0.2;
/** At the end all nodes have to come up with the best of them. */
const CATCH_UP_MS = 60_000;

interface Look {
  readonly at: number;
  /** JavaScript heap and buffers outside of it, garbage included, in bytes. */
  readonly held: number;
  readonly rss: number;
}

export interface NodeReport {
  readonly name: string;
  height: number;
  /**
   * Least memory held in the first and in the last third after warming up, in bytes: what is left after a collection. V8 lets
   * garbage lie until a collection is worth it, so what is resident rises and falls by hundreds of MB on a machine with room.
   */
  held: [number, number];
  /** Median resident memory of the same thirds, in bytes: shown, not judged. */
  rss: [number, number];
  /** The longest time for which the event loop was held, and how often it was for longer than the bar. */
  heldMax: number;
  heldOver: number;
}

export interface WatchReport {
  readonly nodes: NodeReport[];
  readonly broken: string[];
}

export class Watch {
  readonly #nodes: readonly { client: NodeClient; home: string }[];
  readonly #began = Date.now();
  readonly #looks = new Map<string, Look[]>();
  readonly #before = new Map<string, ProcessView>();
  readonly #last = new Map<string, ProcessView>();
  readonly #long = new Map<string, Map<number, number>>();
  readonly #heights = new Map<string, number>();
  readonly #blocks = new Map<number, string>();
  /** Since when one node shows another as unreachable. */
  readonly #unreachable = new Map<string, number>();
  readonly #broken = new Set<string>();
  #best = { height: 0, at: Date.now() };

  constructor(nodes: readonly { client: NodeClient; home: string }[]) {
    this.#nodes = nodes;
  }

  /** Looks until the signal aborts. */
  async during(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#lookAtAll();
      await pause(LOOK_MS, signal);
    }
  }

  /** After the strangers have gone: every node at the same state, and what the whole run was like. */
  async report(): Promise<WatchReport> {
    await this.#catchUp();
    for (const { client, home } of this.#nodes) this.#readLog(client.name, home);
    return { nodes: this.#nodes.map(({ client }) => this.#reportOf(client.name)), broken: [...this.#broken] };
  }

  async #lookAtAll(): Promise<void> {
    await Promise.all(
      this.#nodes.map(({ client }) =>
        this.#look(client).catch((error: unknown) => {
          this.#broken.add(`${client.name} does not answer its owner: ${codeOf(error)} ${messageOf(error)}`);
        }),
      ),
    );
    if (this.#best.height > 0 && Date.now() - this.#best.at > STANDSTILL_MS)
      this.#broken.add(`no block after ${this.#best.height} for ${STANDSTILL_MS / 1_000} s`);
  }

  async #look(client: NodeClient): Promise<void> {
    const { name } = client;
    const view = await client.process();
    if (!this.#before.has(name)) this.#before.set(name, view);
    this.#last.set(name, view);
    const looks = this.#looks.get(name) ?? [];
    const { rss, heapUsed, external } = view.memory;
    looks.push({ at: Date.now(), rss, held: heapUsed + external });
    this.#looks.set(name, looks);
    const long = this.#long.get(name) ?? new Map<number, number>();
    for (const { at, ms } of view.heldMs.long) if (at >= this.#began) long.set(at, ms);
    this.#long.set(name, long);
    const { nodes } = await client.network();
    for (const { client: other } of this.#nodes) {
      const pair = `${name} to ${other.name}`;
      if (nodes.some(({ id, state, self }) => id === other.id && (self || state === 'online')))
        this.#unreachable.delete(pair);
      else if (
        Date.now() - (this.#unreachable.get(pair) ?? this.#unreachable.set(pair, Date.now()).get(pair)!) >
        CUT_OFF_MS
      )
        this.#broken.add(`${pair}: cut off`);
    }
    await this.#lookAtChain(client);
  }

  async #lookAtChain(client: NodeClient): Promise<void> {
    const chain = await client.chain().catch((error: unknown) => {
      if (!messageOf(error).includes('NO_CHAIN')) throw error;
      return undefined;
    });
    if (!chain) return;
    if (chain.state === 'halted') this.#broken.add(`${client.name} has halted: ${chain.problem}`);
    this.#heights.set(client.name, chain.height);
    if (chain.height > this.#best.height) this.#best = { height: chain.height, at: Date.now() };
    for (const { height, id, appHash } of chain.blocks) {
      const known = this.#blocks.get(height);
      this.#blocks.set(height, known ?? `${id} ${appHash}`);
      if (known !== undefined && known !== `${id} ${appHash}`)
        this.#broken.add(`${client.name} has another block or state at height ${height}`);
    }
  }

  async #catchUp(): Promise<void> {
    const goal = this.#best.height + 2;
    const deadline = Date.now() + CATCH_UP_MS;
    const isThere = () => [...this.#heights.values()].every((height) => height >= goal);
    while (!isThere() && Date.now() < deadline) {
      await pause(1_000);
      await this.#lookAtAll();
    }
    for (const [name, height] of this.#heights)
      if (height < goal)
        this.#broken.add(`${name} stands at height ${height}, others at ${this.#best.height}`);
    const top = Math.max(...this.#blocks.keys());
    for (let height = Math.min(...this.#blocks.keys()); height <= top; height++)
      if (!this.#blocks.has(height)) this.#broken.add(`nobody showed height ${height}`);
  }

  /** Bans of honest nodes stand in the log. */
  #readLog(name: string, home: string): void {
    const ids = new Map(this.#nodes.map(({ client }) => [client.id, client.name]));
    for (const line of readFileSync(join(home, 'node.log'), 'utf8').split('\n')) {
      if (!line.includes('peer banned')) continue;
      const { peer, reason } = JSON.parse(line) as { peer: string; reason: string };
      const honest = ids.get(peer);
      if (honest) this.#broken.add(`${name} has banned ${honest}: ${reason}`);
    }
  }

  #reportOf(name: string): NodeReport {
    const looks = this.#looks.get(name) ?? [];
    const warm = looks.slice(Math.ceil(looks.length * WARM_UP));
    const third = Math.max(1, Math.floor(warm.length / 3));
    const [first, last] = [warm.slice(0, third), warm.slice(-third)];
    const rss: [number, number] = [median(first), median(last)];
    const held: [number, number] = [least(first), least(last)];
    if (held[1] > held[0] * (1 + GROWTH) + GROWTH_BYTES)
      this.#broken.add(`${name} grew from ${inMb(held[0])} to ${inMb(held[1])}`);
    const over = (view?: ProcessView) =>
      (view?.heldMs.counts ?? [])
        .filter(({ upTo }) => upTo === null || upTo > HELD_MS)
        .reduce((sum, { count }) => sum + count, 0);
    const heldOver = over(this.#last.get(name)) - over(this.#before.get(name));
    const heldMax = Math.max(0, ...(this.#long.get(name)?.values() ?? []));
    if (heldOver > 0)
      this.#broken.add(
        `${name} held its event loop ${heldOver} times for more than ${HELD_MS} ms, ${heldMax.toFixed(0)} at most`,
      );
    return { name, height: this.#heights.get(name) ?? 0, held, rss, heldMax, heldOver };
  }
}

const least = (looks: readonly Look[]): number => Math.min(...looks.map(({ held }) => held));

const median = (looks: readonly Look[]): number =>
  looks.map(({ rss }) => rss).sort((a, b) => a - b)[Math.floor(looks.length / 2)] ?? 0;

export const inMb = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MB`;
