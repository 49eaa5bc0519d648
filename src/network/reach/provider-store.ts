import { NotFoundError } from '@libp2p/interface';
import { BaseDatastore } from 'datastore-core';
import { Key, type Pair, type Query } from 'interface-datastore';

/** Provider records kept: in all, and of one peer. A record takes about 300 bytes. */
const MAX_RECORDS = 65_536;
const MAX_OF_PEER = 1_024;
/** Peers that are compared when the store is full: those that have provided for longest. */
const SAMPLE = 32;

interface RecordKey {
  readonly content: string;
  readonly peer: string;
}

/**
 * Where the hash table keeps who provides what: in memory, bounded, indexed by content so that a look-up costs what it
 * finds. A peer with too many records loses its oldest; when the store is full, so does one of those with the most. Records of any
 * other kind are not kept.
 */
export class ProviderStore extends BaseDatastore {
  /** Content → peer → record. */
  readonly #ofContent = new Map<string, Map<string, Uint8Array>>();
  /** Peer → contents, oldest first. */
  readonly #ofPeer = new Map<string, Set<string>>();
  readonly #self: string;
  #size = 0;

  /** `self`: the node's own peer id, whose records are not counted. */
  constructor(self: string) {
    super();
    this.#self = self;
  }

  get size(): number {
    return this.#size;
  }

  override put(key: Key, value: Uint8Array): Key {
    const place = placeOf(key);
    if (!place) return key;
    const { content, peer } = place;
    if (!this.has(key)) this.#makeRoom(peer);
    const records = this.#ofContent.get(content) ?? new Map<string, Uint8Array>();
    if (!records.has(peer)) this.#size++;
    this.#ofContent.set(content, records.set(peer, value));
    const contents = this.#ofPeer.get(peer) ?? new Set<string>();
    contents.delete(content);
    this.#ofPeer.set(peer, contents.add(content));
    return key;
  }

  override get(key: Key): Uint8Array {
    const place = placeOf(key);
    const value = place && this.#ofContent.get(place.content)?.get(place.peer);
    if (!value) throw new NotFoundError();
    return value;
  }

  override has(key: Key): boolean {
    const place = placeOf(key);
    return place !== undefined && this.#ofContent.get(place.content)?.has(place.peer) === true;
  }

  override delete(key: Key): void {
    const place = placeOf(key);
    if (place) this.#remove(place);
  }

  override *_all({ prefix = '' }: Query): Generator<Pair> {
    const content = /^\/dht\/provider\/([^/]+)/.exec(prefix)?.[1];
    const contents = content === undefined ? [...this.#ofContent.keys()] : [content];
    for (const one of contents)
      for (const [peer, value] of this.#ofContent.get(one) ?? [])
        yield { key: new Key(`/dht/provider/${one}/${peer}`), value };
  }

  #makeRoom(peer: string): void {
    if (peer === this.#self) return;
    if ((this.#ofPeer.get(peer)?.size ?? 0) >= MAX_OF_PEER) this.#removeOldestOf(peer);
    if (this.#size < MAX_RECORDS) return;
    let seen = 0;
    let most = '';
    for (const [id, { size }] of this.#ofPeer) {
      if (id !== this.#self && size > (this.#ofPeer.get(most)?.size ?? 0)) most = id;
      if (++seen === SAMPLE) break;
    }
    this.#removeOldestOf(most);
  }

  #removeOldestOf(peer: string): void {
    const [content] = this.#ofPeer.get(peer) ?? [];
    if (content !== undefined) this.#remove({ content, peer });
  }

  #remove({ content, peer }: RecordKey): void {
    const records = this.#ofContent.get(content);
    if (!records?.delete(peer)) return;
    this.#size--;
    if (records.size === 0) this.#ofContent.delete(content);
    const contents = this.#ofPeer.get(peer)!;
    contents.delete(content);
    if (contents.size === 0) this.#ofPeer.delete(peer);
  }
}

function placeOf(key: Key): RecordKey | undefined {
  const [, content, peer] = /^\/dht\/provider\/([^/]+)\/([^/]+)$/.exec(key.toString()) ?? [];
  return content === undefined || peer === undefined ? undefined : { content, peer };
}
