import { readU32, sha256, toHex, utf8 } from '#base';

/** Parameters of @libp2p/kad-dht, and estimated sizes of its messages with headers, in bytes. */
const K = 20;
const ALPHA = 10;
const QUESTION = 110 + 90;
const ANSWER = 120 + K * 70;
const ADD_PROVIDER = 160 + 90;
const PROVIDERS_TOLD = 20;

export interface Lookup {
  readonly providers: readonly string[];
  /** Questions one after another. */
  readonly rounds: number;
  readonly bytes: number;
}

interface Member {
  readonly id: string;
  readonly place: number;
}

/**
 * The hash table as a model: every node serves it and has full buckets of 20 nodes that are alive. Distances are of the first 32
 * bits. A record is kept by the 20 nearest nodes of the moment in which it was made.
 */
export class VirtualTable {
  #members: Member[] = [];
  readonly #records = new Map<string, { providers: string[]; keepers: Set<string> }>();

  join(id: string): void {
    const member = { id, place: placeOf(utf8(id)) };
    this.#members.splice(this.#at(member.place), 0, member);
  }

  leave(id: string): void {
    this.#members = this.#members.filter((member) => member.id !== id);
  }

  provide(id: string, key: Uint8Array): Lookup {
    const found = this.look(id, key, false);
    const name = toHex(key);
    const record = this.#records.get(name) ?? { providers: [], keepers: new Set<string>() };
    this.#records.set(name, record);
    if (!record.providers.includes(id)) record.providers.push(id);
    for (const keeper of this.#nearest(placeOf(key))) record.keepers.add(keeper.id);
    return { ...found, bytes: found.bytes + K * ADD_PROVIDER };
  }

  /** `stops`: at the first node that has providers, those added last first. */
  look(from: string, key: Uint8Array, stops = true): Lookup {
    const target = placeOf(key);
    const record = this.#records.get(toHex(key));
    const asked = new Set<string>([from]);
    let known = this.#toldBy({ id: from, place: placeOf(utf8(from)) }, target);
    for (let rounds = 1, bytes = 0; ; rounds++) {
      const next = known.filter(({ id }) => !asked.has(id)).slice(0, ALPHA);
      if (next.length === 0) return { providers: [], rounds: rounds - 1, bytes };
      for (const { id } of next) asked.add(id);
      bytes += next.length * (QUESTION + ANSWER);
      if (stops && record && next.some(({ id }) => record.keepers.has(id)))
        return { providers: record.providers.slice(-PROVIDERS_TOLD).reverse(), rounds, bytes };
      const told = [...known, ...next.flatMap((member) => this.#toldBy(member, target))];
      const better = [...new Map(told.map((one) => [one.id, one])).values()];
      known = better.sort((a, b) => distance(a.place, target) - distance(b.place, target)).slice(0, K);
    }
  }

  /** The 20 nearest to the target of which a node knows: all that are nearer than itself, or a sample of them. */
  #toldBy({ place, id }: Member, target: number): Member[] {
    const bits = Math.clz32(place ^ target);
    const size = bits >= 32 ? 1 : 2 ** (31 - bits);
    const first = bits >= 32 ? target : Math.floor((target >>> 0) / size) * size;
    const [from, to] = [this.#at(first), this.#at(first + size)];
    if (to - from <= K) return to > from ? this.#members.slice(from, to) : this.#nearest(target);
    const step = (to - from) / K;
    const shift = placeOf(utf8(`${id} table`)) / 2 ** 32;
    return Array.from({ length: K }, (_, i) => this.#members[from + Math.floor((i + shift) * step)]!);
  }

  #nearest(target: number): Member[] {
    const at = this.#at(target);
    const near = this.#members.slice(Math.max(0, at - 3 * K), at + 3 * K);
    return near.sort((a, b) => distance(a.place, target) - distance(b.place, target)).slice(0, K);
  }

  /** Index of the first member at or after a place. */
  #at(place: number): number {
    let [low, high] = [0, this.#members.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#members[middle]!.place < place) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const distance = (a: number, b: number): number => (a ^ b) >>> 0;
const placeOf = (bytes: Uint8Array): number => readU32(sha256(bytes), 0);
