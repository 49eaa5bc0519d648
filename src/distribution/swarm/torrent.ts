import { EventEmitter } from 'node:events';
import { BitorchError, messageOf } from '#base';
import type { PeerAddress } from '#network';
import { parseDialable } from '#network/addresses';
import { Announcer, type TrackerScopes } from '../announcer.ts';
import { type Metainfo, pieceSize } from '../metainfo.ts';
import type { Bitfield } from './bitfield.ts';
import { Connections, type SwarmPorts } from './connections.ts';
import { RESUME_SAVE_MS } from './constants.ts';
import { Downloads } from './downloads.ts';
import type { Peer } from './peer.ts';
import { Picker } from './picker.ts';
import type { PieceMemory } from './piece-memory.ts';
import { PiecePool } from './piece-pool.ts';
import { PieceThread } from './piece-thread.ts';
import { PieceWaiters } from './piece-waiters.ts';
import { type ByteRange, Layout } from './ranges.ts';
import { Rate } from './rate.ts';
import type { RateLimit } from './rate-limit.ts';
import { hashedOnDisk, needsResume, saveResume, verifiedOnDisk } from './resume.ts';
import { Store } from './store.ts';
import type { PeerStatus } from './transfer-counters.ts';
import { Uploads } from './uploads.ts';
import type { Handshake } from './wire.ts';

export interface TorrentOptions {
  metainfo: Metainfo;
  /** Folder of the torrent's files. */
  directory: string;
  trackers: readonly string[];
  /** Whether a peer may connect, by the hexadecimal id it claims; every peer when absent. See review(). */
  admits?: (peerId: string) => boolean;
  /** Nodes that announce to hold some of it: asked through the host where direct connections give too little. */
  nodes?: () => readonly PeerAddress[];
  /** Called with the bytes that the disk is to hold in addition; throws when there is no room for them. */
  reserve?: (bytes: number) => void;
  /** Progress of the verification of files on disk, in pieces. */
  onVerify?: (checked: number, total: number) => void;
}

/** What a torrent needs from the node. */
export interface TorrentPorts extends SwarmPorts {
  readonly thread: PieceThread;
  readonly memory: PieceMemory;
  /** Limits of the node, shared by its torrents. */
  readonly limits: { readonly up: RateLimit; readonly down: RateLimit; readonly relayed: RateLimit };
  readonly trackerScopes: TrackerScopes | undefined;
  /** The port on which the node accepts connections. */
  port(): number;
}

export interface TorrentEvents {
  /** A piece has been verified and is on disk. */
  piece: [index: number];
  /** The last missing piece has been verified. */
  complete: [];
  /** Downloading stopped because writing a piece failed. */
  failed: [error: BitorchError];
}

export interface TorrentProgress {
  bytesHave: number;
  bytesTotal: number;
  /** Bytes of the wanted pieces, and of those already downloaded. */
  bytesWanted: number;
  bytesWantedHave: number;
  downBytesPerSecond: number;
  upBytesPerSecond: number;
}

/** Whether a folder has all pieces of a torrent; hashes every piece. */
export async function isOnDisk(metainfo: Metainfo, directory: string): Promise<boolean> {
  const store = new Store({ metainfo, layout: new Layout(metainfo), directory, thread: new PieceThread() });
  try {
    return (await hashedOnDisk(metainfo, store)).isFull;
  } finally {
    await store.close();
  }
}

/** One torrent of a swarm, created by Swarm.add(). */
export class Torrent extends EventEmitter<TorrentEvents> {
  readonly metainfo: Metainfo;
  readonly directory: string;
  readonly #layout: Layout;
  readonly #store: Store;
  readonly #have: Bitfield;
  readonly #picker: Picker;
  readonly #reserve: (bytes: number) => void;
  readonly #connections: Connections;
  readonly #downloads: Downloads;
  readonly #announcer: Announcer;
  readonly #ports: SwarmPorts;
  readonly #waiters = new PieceWaiters();
  readonly #down = new Rate();
  readonly #up = new Rate();
  #bytesHave = 0;
  #bytesWanted = 0;
  #bytesWantedHave = 0;
  #nextClass = 0;
  #lastResumeAt = Date.now();
  #unsaved = 0;
  #saving: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | undefined;

  /** Verifies the files on disk; nothing is downloaded or served before this completes. */
  static async open(options: TorrentOptions, ports: TorrentPorts): Promise<Torrent> {
    const { metainfo, directory } = options;
    const layout = new Layout(metainfo);
    const store = new Store({ metainfo, layout, directory, thread: ports.thread });
    await store.createEmptyFiles();
    const have = await verifiedOnDisk(directory, metainfo, store, (checked) =>
      options.onVerify?.(checked, metainfo.pieceCount),
    );
    return new Torrent(options, ports, { layout, store, have });
  }

  private constructor(
    options: TorrentOptions,
    ports: TorrentPorts,
    disk: { layout: Layout; store: Store; have: Bitfield },
  ) {
    super();
    this.metainfo = options.metainfo;
    this.directory = options.directory;
    this.#ports = ports;
    this.#layout = disk.layout;
    this.#store = disk.store;
    this.#have = disk.have;
    this.#reserve = options.reserve ?? (() => undefined);
    this.#picker = new Picker(this.metainfo.pieceCount);
    for (const index of disk.have) {
      this.#picker.take(index);
      this.#bytesHave += pieceSize(this.metainfo, index);
    }
    const pool = new PiecePool(this.metainfo.pieceLength, ports.memory);
    const { memory, limits } = ports;
    const shared = {
      ...disk,
      metainfo: this.metainfo,
      picker: this.#picker,
      pool,
      memory,
      limit: limits.down,
    };
    const uploads = new Uploads((index, begin, into) => this.#readBlocks(index, begin, into), limits);
    const downloads = new Downloads(shared, {
      onPiece: (index, piece) => {
        uploads.keep(index, piece);
        this.#onPiece(index, piece.bytes.length);
      },
      onGuilty: (origins) => this.#connections.ban(origins),
      onFailure: (error) => this.#onFailure(error),
    });
    const parts = {
      ...disk,
      metainfo: this.metainfo,
      picker: this.#picker,
      downloads,
      uploads,
      admits: options.admits ?? (() => true),
      isWanting: () => this.#bytesWantedHave < this.#bytesWanted,
      nodes: options.nodes ?? (() => []),
    };
    this.#downloads = downloads;
    this.#connections = new Connections(parts, ports);
    this.#announcer = new Announcer(
      {
        trackers: options.trackers,
        scopes: ports.trackerScopes,
        infohash: this.metainfo.infohash,
        peerId: ports.peerId,
        port: ports.port(),
      },
      {
        log: ports.log,
        state: () => ({ ...this.#totals(), left: this.metainfo.length - this.#bytesHave }),
        isStarved: () => this.#connections.count === 0,
        onPeer: (host, port) => this.addPeer(host, port),
      },
    );
    this.#announcer.start();
  }

  get infohash(): Uint8Array {
    return this.metainfo.infohash;
  }

  get isComplete(): boolean {
    return this.#have.isFull;
  }

  /**
   * Adds wanted bytes: every piece that overlaps them. Earlier calls have priority. Throws RANGE_INVALID for ranges outside
   * the files, and what `reserve` throws; nothing is wanted then.
   */
  want(ranges: readonly ByteRange[] | 'all'): void {
    const pieces = this.#layout.piecesOf(ranges);
    const missing = pieces.filter((index) => !this.#picker.isWanted(index) && !this.#have.has(index));
    this.#reserve(missing.reduce((sum, index) => sum + pieceSize(this.metainfo, index), 0));
    const priority = this.#nextClass++;
    for (const index of pieces) {
      if (!this.#picker.isWanted(index)) {
        const bytes = pieceSize(this.metainfo, index);
        this.#bytesWanted += bytes;
        if (this.#have.has(index)) this.#bytesWantedHave += bytes;
      }
      this.#picker.want(index, priority);
    }
    this.#connections.onWant();
  }

  /**
   * Resolves when every piece that overlaps these bytes is verified and on disk; it does not request them, see want().
   * Rejects when the signal aborts, the torrent is stopped (TORRENT_STOPPED) or the disk fails (STORE_FAILED).
   */
  async wait(ranges: readonly ByteRange[] | 'all', signal?: AbortSignal): Promise<void> {
    const missing = this.#layout.piecesOf(ranges).filter((index) => !this.#have.has(index));
    await this.#waiters.until(new Set(missing), signal);
  }

  /** Verified bytes of a file. Throws RANGE_INVALID, or PIECE_MISSING if some have not been downloaded yet. */
  async read(file: string, offset: number, length: number): Promise<Uint8Array> {
    const range = { file, offset, length };
    const { start } = this.#layout.locate(range);
    const missing = this.#layout.piecesOf([range]).find((index) => !this.#have.has(index));
    const bytes = new Uint8Array(missing === undefined ? length : 0);
    if (missing !== undefined || !(await this.#store.read(start, bytes))) {
      throw new BitorchError(
        'PIECE_MISSING',
        `bytes ${offset}+${length} of ${file} have not been downloaded yet`,
        range,
      );
    }
    return bytes;
  }

  /** Bytes that the torrent has on disk or is about to write there. */
  get bytesHeld(): number {
    return this.#bytesHave + this.#bytesWanted - this.#bytesWantedHave;
  }

  progress(): TorrentProgress {
    return {
      bytesHave: this.#bytesHave,
      bytesTotal: this.metainfo.length,
      bytesWanted: this.#bytesWanted,
      bytesWantedHave: this.#bytesWantedHave,
      downBytesPerSecond: this.#down.bytesPerSecond,
      upBytesPerSecond: this.#up.bytesPerSecond,
    };
  }

  /** All peers connected now or earlier, with totals by peer id. */
  peers(): PeerStatus[] {
    return this.#connections.transfers;
  }

  /** A copy of the bitfield of verified pieces, in BEP 3's layout. */
  bitfield(): Uint8Array {
    return this.#have.bytes.slice();
  }

  hasPiece(index: number): boolean {
    return this.#have.has(index);
  }

  /** Adds a peer's address; invalid ones are ignored. */
  addPeer(host: string, port: number): void {
    const place = parseDialable(host, port);
    if (place) this.#connections.addAddress(place);
  }

  /** To be called when `admits` would answer differently: disconnects peers no longer admitted, and dials others. */
  review(): void {
    this.#connections.review();
  }

  /** The connected peers, for the swarm's choker. */
  get connected(): Iterable<Peer> {
    return this.#connections.peers;
  }

  accept(peer: Peer, handshake: Handshake): void {
    this.#connections.accept(peer, handshake);
  }

  tick(now: number, elapsedMs: number): void {
    this.#connections.tick(now, elapsedMs);
    const { downloaded, uploaded } = this.#totals();
    this.#down.sample(downloaded, elapsedMs);
    this.#up.sample(uploaded, elapsedMs);
    if (this.#unsaved > 0 && now - this.#lastResumeAt > RESUME_SAVE_MS) this.#saving = this.#saveResume();
  }

  /** Disconnects peers, announces `stopped` to trackers and closes the files, which stay on disk. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#waiters.failAll(new BitorchError('TORRENT_STOPPED', `${this.metainfo.name} was stopped`));
    this.#connections.stop();
    this.#downloads.stop();
    await Promise.all([this.#announcer.stop(), this.#saving]);
    await this.#saveResume();
    await this.#store.close();
  }

  #totals(): { downloaded: number; uploaded: number } {
    let [downloaded, uploaded] = [0, 0];
    for (const peer of this.#connections.transfers) {
      downloaded += peer.downloaded;
      uploaded += peer.uploaded;
    }
    return { downloaded, uploaded };
  }

  async #readBlocks(index: number, begin: number, into: Uint8Array): Promise<void> {
    if (await this.#store.read(index * this.metainfo.pieceLength + begin, into)) return;
    throw new BitorchError(
      'STORE_FAILED',
      `piece ${index} of ${this.metainfo.name} cannot be read from disk`,
    );
  }

  #onPiece(index: number, bytes: number): void {
    this.#have.add(index);
    this.#bytesHave += bytes;
    this.#bytesWantedHave += bytes;
    this.#unsaved++;
    this.#connections.onPiece(index);
    this.#waiters.arrived(index);
    this.emit('piece', index);
    if (!this.#have.isFull) return;
    this.#announcer.completed();
    this.emit('complete');
  }

  #onFailure(cause: unknown): void {
    const message = `cannot write to ${this.directory}: ${messageOf(cause)}`;
    const error = new BitorchError('STORE_FAILED', message, { directory: this.directory }, cause);
    this.#ports.log.error({ error: message }, 'download stopped');
    this.#waiters.failAll(error);
    this.emit('failed', error);
  }

  /** Saves the verified pieces after a sync, since only durable pieces may be recorded. */
  async #saveResume(): Promise<void> {
    if (!needsResume(this.metainfo) || this.#unsaved === 0) return;
    this.#lastResumeAt = Date.now();
    this.#unsaved = 0;
    const have = this.bitfield();
    try {
      await this.#store.sync();
      await saveResume(this.directory, this.metainfo, have);
    } catch (error) {
      this.#ports.log.warn(
        { error: messageOf(error) },
        'resume data not saved: the next start hashes all pieces',
      );
    }
  }
}
