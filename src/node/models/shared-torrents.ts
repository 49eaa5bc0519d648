import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BitorchError, toHex } from '#base';
import { isOnDisk, type Metainfo, type Swarm, type Torrent } from '#distribution';
import type { PeerAddress } from '#network';

/** A torrent, and the manifests that describe its content. */
class SharedTorrent {
  /** Manifest ids. */
  readonly holders: Set<string>;
  #torrent: Torrent;
  #changing: Promise<unknown> = Promise.resolve();

  constructor(torrent: Torrent, holders: Set<string>) {
    this.#torrent = torrent;
    this.holders = holders;
  }

  get torrent(): Torrent {
    return this.#torrent;
  }

  /** The torrent once no move is under way. */
  async settled(): Promise<Torrent> {
    await this.#changing;
    return this.#torrent;
  }

  /** Puts another in the torrent's place; if that cannot be opened, the old one is stopped and its users are told so. */
  replace(open: () => Promise<Torrent>): Promise<void> {
    const changing = open().then((torrent) => {
      this.#torrent = torrent;
    });
    this.#changing = changing.catch(() => undefined);
    return changing;
  }
}

export interface SharingOptions {
  /** Where fetched files are kept, in a folder for each torrent. */
  readonly home: string;
  readonly trackers: readonly string[];
  readonly swarm: Swarm;
  /** Whether a peer of the swarm (hexadecimal id) may exchange pieces of what this manifest describes. */
  readonly admits: (id: string, peerId: string) => boolean;
  /** Other nodes that announce to hold what this manifest describes. */
  readonly holdersOf: (id: string) => readonly PeerAddress[];
}

/**
 * The torrents of a node's models: one for each infohash, even if several manifests name it, since the same files give
 * the same torrent. A torrent exists as long as one of its manifests.
 */
export class SharedTorrents {
  readonly #options: SharingOptions;
  readonly #shared = new Map<string, SharedTorrent>();
  /** The last change of each torrent: changes of one torrent happen one after the other. */
  readonly #changes = new Map<string, Promise<unknown>>();
  /** Most bytes of fetched files. */
  #diskBytes = Infinity;

  constructor(options: SharingOptions) {
    this.#options = options;
  }

  /** Joins the torrent for a manifest. Its files lie in `directory`, or are fetched into this node's home. */
  share(id: string, metainfo: Metainfo, directory: string | undefined): Promise<SharedTorrent> {
    return this.#inTurn(metainfo, async (key) => {
      const known = this.#shared.get(key);
      if (!known) return this.#begin(key, id, metainfo, directory ?? this.#folderOf(key));
      known.holders.add(id);
      const { torrent } = known;
      const isElsewhere = directory !== undefined && directory !== torrent.directory && !torrent.isComplete;
      // The node that has all files need not wait for others to supply them.
      if (isElsewhere && (await isOnDisk(metainfo, directory))) await this.#move(known, metainfo, directory);
      known.torrent.review();
      return known;
    });
  }

  /** A manifest is given up: its torrent ends with the last one, and the files with it that were fetched for it. */
  release(id: string, metainfo: Metainfo): Promise<void> {
    return this.#inTurn(metainfo, async (key) => {
      const shared = this.#shared.get(key);
      if (!shared?.holders.delete(id)) return;
      if (shared.holders.size > 0) {
        shared.torrent.review();
        return;
      }
      this.#shared.delete(key);
      await this.#options.swarm.remove(shared.torrent);
      await rm(this.#folderOf(key), { recursive: true, force: true });
    });
  }

  /** Limits the bytes of fetched files together; what is there already stays. */
  limitDisk(bytes: number): void {
    this.#diskBytes = bytes;
  }

  /** Bytes of fetched files on disk and of those that are being fetched. */
  get bytesHeld(): number {
    let sum = 0;
    for (const { torrent } of this.#shared.values()) if (this.isInHome(torrent)) sum += torrent.bytesHeld;
    return sum;
  }

  #reserve(name: string, bytes: number): void {
    const free = this.#diskBytes - this.bytesHeld;
    if (bytes === 0 || bytes <= free) return;
    throw new BitorchError(
      'DISK_LIMIT_REACHED',
      `${name} needs ${bytes} bytes more on disk and the limit for models leaves ${Math.max(0, free)}: raise diskBytes, which is ${this.#diskBytes}`,
    );
  }

  /** Whether a torrent's files were fetched, and go with it. */
  isInHome({ directory, infohash }: Torrent): boolean {
    return directory === this.#folderOf(toHex(infohash));
  }

  async #begin(key: string, id: string, metainfo: Metainfo, directory: string): Promise<SharedTorrent> {
    const holders = new Set([id]);
    const shared = new SharedTorrent(await this.#join(metainfo, directory, holders), holders);
    this.#shared.set(key, shared);
    return shared;
  }

  async #move(shared: SharedTorrent, metainfo: Metainfo, directory: string): Promise<void> {
    const key = toHex(metainfo.infohash);
    await shared.replace(async () => {
      await this.#options.swarm.remove(shared.torrent);
      return this.#join(metainfo, directory, shared.holders);
    });
    await rm(this.#folderOf(key), { recursive: true, force: true });
  }

  /** A peer is admitted if one of the manifests admits it: the content is the same. */
  #join(metainfo: Metainfo, directory: string, holders: ReadonlySet<string>): Promise<Torrent> {
    const { swarm, trackers, admits, holdersOf } = this.#options;
    return swarm.add({
      metainfo,
      directory,
      trackers,
      want: 'none',
      reserve: (bytes) => {
        if (directory === this.#folderOf(toHex(metainfo.infohash))) this.#reserve(metainfo.name, bytes);
      },
      admits: (peerId) => [...holders].some((id) => admits(id, peerId)),
      nodes: () => [...holders].flatMap(holdersOf),
    });
  }

  #folderOf(key: string): string {
    return join(this.#options.home, key);
  }

  async #inTurn<T>({ infohash }: Metainfo, work: (key: string) => Promise<T>): Promise<T> {
    const key = toHex(infohash);
    const turn = (this.#changes.get(key) ?? Promise.resolve()).then(() => work(key));
    const done = turn.then(
      () => undefined,
      () => undefined,
    );
    this.#changes.set(key, done);
    try {
      return await turn;
    } finally {
      if (this.#changes.get(key) === done) this.#changes.delete(key);
    }
  }
}
