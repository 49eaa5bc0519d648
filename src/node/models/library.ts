import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BitorchError,
  check,
  codeOf,
  equalBytes,
  fromHex,
  Lifecycle,
  type Logger,
  messageOf,
  type OnProgress,
  toHex,
  writeFileAtomic,
  z,
  zBytes,
  zBytesUpTo,
} from '#base';
import {
  type ByteRange,
  MAX_MANIFEST_BYTES,
  MAX_METAINFO_BYTES,
  type Manifest,
  type Metainfo,
  manifestId,
  openManifest,
  parseMetainfo,
  type Swarm,
  type Torrent,
  verifyFiles,
} from '#distribution';
import type { TensorInfo } from '#formats';
import type { Host, PeerAddress } from '#network';
import { SharedTorrents } from './shared-torrents.ts';

const PROGRESS_INTERVAL_MS = 100;
/** File that marks the folder of a refused model. */
const REFUSED = 'refused';
/** Holders of a manifest that are asked at the same time. */
const ASKED_AT_ONCE = 4;
const MANIFEST_PROTOCOL = '/bitorch/distribution/manifest/1';
const questionSchema = z.strictObject({ manifest: zBytes(32) });
const answerSchema = z.strictObject({
  manifest: zBytesUpTo(MAX_MANIFEST_BYTES),
  metainfo: zBytesUpTo(MAX_METAINFO_BYTES),
});

/** A model known to this node, and its swarm. */
export interface Model {
  /** Manifest id, hexadecimal. */
  readonly id: string;
  readonly manifest: Manifest;
  /** The signed manifest, as relayed. */
  readonly sealed: Uint8Array;
  readonly metainfo: Metainfo;
  /** Of all manifests of this content. */
  readonly torrent: Torrent;
  /** The same, once it is not being moved to other files. */
  settled(): Promise<Torrent>;
  readonly files: {
    state: FilesState;
    /** The state once the whole files were hashed; still `unproven` if that was broken off. */
    readonly hashed: Promise<FilesState>;
  };
}

/**
 * What is known of a model's files. Pieces prove themselves by the torrent as they come; only whole files can be held
 * against the manifest's SHA-256. Until then they are `unproven` and good for what checks itself (blocks by their golden
 * hashes); `refused` files are neither served nor run.
 */
export type FilesState = 'unproven' | 'verified' | 'refused';

/** The models of this node: manifests on disk and their torrents, both served to peers on request. */
export class Library {
  readonly #home: string;
  readonly #host: Host;
  readonly #log: Logger;
  readonly #refusals: ((id: string) => void)[] = [];
  readonly #torrents: SharedTorrents;
  readonly #models = new Map<string, Model>();
  readonly #adding = new Map<string, Promise<Model>>();
  /** Models that are fetched whole, to be seeded. */
  readonly #seeded = new Set<Model>();
  /** Ids of models whose files were not what their manifest says. */
  readonly #refused = new Set<string>();
  readonly #lifecycle = new Lifecycle();

  constructor(
    options: { home: string; trackers: readonly string[] },
    dependencies: {
      host: Host;
      swarm: Swarm;
      log: Logger;
      /** Whether a peer of the swarm (hexadecimal id) may exchange pieces of a model with us. */
      admits: (id: string, peerId: string) => boolean;
      /** Other nodes that announce to hold a model. */
      holdersOf: (id: string) => readonly PeerAddress[];
    },
  ) {
    const { swarm, admits, holdersOf } = dependencies;
    this.#home = join(options.home, 'models');
    this.#host = dependencies.host;
    this.#log = dependencies.log;
    const { trackers } = options;
    const home = join(options.home, 'torrents');
    this.#torrents = new SharedTorrents({ home, trackers, swarm, admits, holdersOf });
  }

  /** Opens the models on disk and starts to serve requests. */
  async start(): Promise<void> {
    await mkdir(this.#home, { recursive: true });
    for (const id of await readdir(this.#home)) await this.#reopen(id);
    await this.#host.answer(MANIFEST_PROTOCOL, async (message) => this.#answer(message));
  }

  /** Limits the disk space of models fetched from other nodes, in bytes; those that are here stay. */
  limitDisk(bytes: number): void {
    this.#torrents.limitDisk(bytes);
    for (const model of this.#seeded) this.seed(model);
  }

  /** Fetches the whole of a model to seed it. One that the disk limit leaves no room for waits until the limit is raised. */
  seed(model: Model): void {
    this.#seeded.add(model);
    try {
      model.torrent.want('all');
    } catch (error) {
      if (codeOf(error) !== 'DISK_LIMIT_REACHED') throw error;
      this.#log.warn({ model: model.id, error: messageOf(error) }, 'model is not fetched to seed it');
    }
  }

  /** Disk space of models fetched from other nodes, in bytes. */
  get bytesHeld(): number {
    return this.#torrents.bytesHeld;
  }

  /** Ends what still verifies files. */
  stop(): Promise<void> {
    return this.#lifecycle.stop();
  }

  /** Calls back when the files of a model that was in use are not what its manifest says: it is gone from here. */
  onRefused(listener: (id: string) => void): void {
    this.#refusals.push(listener);
  }

  all(): Model[] {
    return [...this.#models.values()];
  }

  /** Whether a model's files lie in this node's home, where it fetched them: a publisher's own lie elsewhere. */
  isInHome(id: string): boolean {
    const model = this.#models.get(id);
    return model !== undefined && this.#torrents.isInHome(model.torrent);
  }

  find(id: string): Model | undefined {
    return this.#models.get(id);
  }

  /**
   * Adds a model; its files lie in `directory`, or will be fetched into this node's home. Several manifests may describe
   * one torrent. Throws FILE_HASH_MISMATCH for one whose files were refused before.
   */
  async add(sealed: Uint8Array, metainfoBytes: Uint8Array, directory?: string): Promise<Model> {
    const manifest = openManifest(sealed);
    const id = toHex(manifestId(sealed));
    if (this.#refused.has(id)) throw refusal(manifest.name);
    const metainfo = parseMetainfo(metainfoBytes);
    checkSameFiles(manifest, metainfo);
    await this.#adding.get(id)?.catch(() => undefined);
    const known = this.#models.get(id);
    if (known && directory === undefined) return known;
    const adding = this.#add({ id, manifest, sealed, metainfo }, directory);
    this.#adding.set(id, adding);
    return adding.finally(() => this.#adding.delete(id));
  }

  async #add(
    described: Pick<Model, 'id' | 'manifest' | 'sealed' | 'metainfo'>,
    directory: string | undefined,
  ): Promise<Model> {
    const { id, sealed, metainfo } = described;
    const folder = join(this.#home, id);
    const shared = await this.#torrents.share(id, metainfo, directory);
    await writeFileAtomic(join(folder, 'model.torrent'), metainfo.bytes);
    if (directory !== undefined) await writeFileAtomic(join(folder, 'directory'), directory);
    await writeFileAtomic(join(folder, 'manifest'), sealed);
    const known = this.#models.get(id);
    if (known) return known;
    const { promise: hashed, resolve } = Promise.withResolvers<FilesState>();
    const model: Model = {
      ...described,
      get torrent() {
        return shared.torrent;
      },
      settled: () => shared.settled(),
      files: { state: 'unproven', hashed },
    };
    this.#models.set(id, model);
    void this.#prove(model).finally(() => resolve(model.files.state));
    return model;
  }

  /** Holds the whole files against the manifest's hashes as soon as they are here. */
  async #prove(model: Model): Promise<void> {
    const { id, manifest, files } = model;
    const { signal } = this.#lifecycle;
    try {
      await withTorrent(model, (torrent) => verifyFiles(torrent, manifest.files, signal));
      files.state = 'verified';
    } catch (error) {
      if (signal.aborted || codeOf(error) === 'TORRENT_STOPPED') return;
      this.#log.error({ model: id, error: messageOf(error) }, 'model files are not what the manifest says');
      if (codeOf(error) === 'FILE_HASH_MISMATCH') await this.#refuse(model);
    }
  }

  /** The files match the torrent, so the manifest is false: the model is never served or run again. */
  async #refuse(model: Model): Promise<void> {
    model.files.state = 'refused';
    this.#refused.add(model.id);
    for (const listener of this.#refusals) listener(model.id);
    try {
      await this.discard(model);
      await writeFileAtomic(join(this.#home, model.id, REFUSED), new Uint8Array());
    } catch (error) {
      this.#log.error({ model: model.id, error: messageOf(error) }, 'refused model could not be deleted');
    }
  }

  /** Who may exchange pieces of this model has changed. */
  review(id: string): void {
    this.#models.get(id)?.torrent.review();
  }

  /** Forgets a model, and deletes its files if they were fetched and no other manifest describes them. */
  async discard(model: Model): Promise<void> {
    const { id, metainfo } = model;
    this.#models.delete(id);
    this.#seeded.delete(model);
    await this.#torrents.release(id, metainfo);
    await rm(join(this.#home, id), { recursive: true, force: true });
  }

  /** Requests manifest and torrent from the nodes that hold a model. Throws MODEL_UNKNOWN when none supplies them. */
  async obtain(id: string, holders: readonly PeerAddress[], signal?: AbortSignal): Promise<Model> {
    const known = this.#models.get(id);
    if (known) return known;
    if (this.#refused.has(id)) throw refusal(`${id.slice(0, 16)}…`);
    const found = new AbortController();
    const either = AbortSignal.any(signal ? [signal, found.signal] : [found.signal]);
    const left = holders[Symbol.iterator]();
    let model: Model | undefined;
    /** Holders are asked a few at a time, so that many silent ones do not keep it from those that answer. */
    const ask = async () => {
      for (const holder of left) {
        if (either.aborted) return;
        try {
          model = await this.#ask(holder, id, either);
          found.abort();
        } catch (error) {
          this.#log.info({ holder: holder.id, error: messageOf(error) }, 'manifest not obtained');
        }
      }
    };
    await Promise.all(Array.from({ length: ASKED_AT_ONCE }, ask));
    if (model) return model;
    signal?.throwIfAborted();
    throw new BitorchError(
      'MODEL_UNKNOWN',
      `no reachable node provides the manifest of model ${id.slice(0, 16)}…`,
    );
  }

  /** Asks one holder for a manifest. Throws MANIFEST_INVALID when it sends another one, and what `add` throws. */
  async #ask(holder: PeerAddress, id: string, signal: AbortSignal): Promise<Model> {
    const limits = { maxBytes: MAX_MANIFEST_BYTES + MAX_METAINFO_BYTES, signal };
    const answer = await this.#host.request(holder, MANIFEST_PROTOCOL, { manifest: fromHex(id) }, limits);
    const { manifest, metainfo } = check(answerSchema, answer, 'manifest answer');
    if (toHex(manifestId(manifest)) === id) return this.add(manifest, metainfo);
    throw new BitorchError('MANIFEST_INVALID', 'the holder sent the manifest of another model');
  }

  async #reopen(id: string): Promise<void> {
    const folder = join(this.#home, id);
    if (existsSync(join(folder, REFUSED))) {
      this.#refused.add(id);
      return;
    }
    try {
      const read = (name: string) => readFile(join(folder, name));
      const directory = await read('directory').then(String, () => undefined);
      await this.add(
        new Uint8Array(await read('manifest')),
        new Uint8Array(await read('model.torrent')),
        directory,
      );
    } catch (error) {
      this.#log.warn({ folder, error: messageOf(error) }, 'model folder is not complete and was left alone');
    }
  }

  async #answer(message: unknown): Promise<{ manifest: Uint8Array; metainfo: Uint8Array }> {
    const { manifest } = check(questionSchema, message, 'manifest request');
    const model = this.#models.get(toHex(manifest));
    if (!model) throw new BitorchError('MODEL_UNKNOWN', 'this node does not hold that model');
    return { manifest: model.sealed, metainfo: model.metainfo.bytes };
  }
}

const refusal = (name: string): BitorchError =>
  new BitorchError(
    'FILE_HASH_MISMATCH',
    `model ${name} was refused: its files are not what its manifest says`,
  );

/** Throws METAINFO_INVALID unless manifest and torrent speak of the same files. */
function checkSameFiles(manifest: Manifest, metainfo: Metainfo): void {
  const isSame =
    equalBytes(metainfo.infohash, manifest.infohash) &&
    metainfo.pieceLength === manifest.pieceLength &&
    metainfo.files.length === manifest.files.length &&
    metainfo.files.every(({ path, length }, n) => {
      const file = manifest.files[n]!;
      return file.path === path && file.size === length;
    });
  if (isSame) return;
  throw new BitorchError(
    'METAINFO_INVALID',
    `the torrent of ${manifest.name} is not the one its manifest names`,
  );
}

/** Works with a model's torrent, again if it was moved to other files meanwhile. */
async function withTorrent(model: Model, work: (torrent: Torrent) => Promise<void>): Promise<void> {
  for (;;) {
    const { torrent } = model;
    try {
      return await work(torrent);
    } catch (error) {
      const isMoved = codeOf(error) === 'TORRENT_STOPPED' && (await model.settled()) !== torrent;
      if (!isMoved) throw error;
    }
  }
}

/** Throws FILE_HASH_MISMATCH for a model whose files are not what its manifest says. */
export function demandNotRefused({ manifest, files }: Model): void {
  if (files.state === 'refused') throw refusal(manifest.name);
}

/** Waits until whole files were held against the manifest. Throws FILE_HASH_MISMATCH, or TORRENT_STOPPED if they never are. */
export async function demandVerified(model: Model): Promise<void> {
  const state = await model.files.hashed;
  demandNotRefused(model);
  if (state === 'verified') return;
  throw new BitorchError(
    'TORRENT_STOPPED',
    `${model.manifest.name} was stopped before its files were verified`,
  );
}

/** Fetches byte ranges of a model and waits until they are verified; reports how far it is. */
export async function fetchRanges(
  model: Model,
  ranges: ByteRange[],
  { onProgress, signal }: { onProgress: OnProgress; signal: AbortSignal },
): Promise<void> {
  demandNotRefused(model);
  const tell = () => {
    const { bytesWantedHave, bytesWanted } = model.torrent.progress();
    onProgress({ step: 'fetching', done: bytesWantedHave, total: bytesWanted, unit: 'bytes' });
  };
  const timer = setInterval(tell, PROGRESS_INTERVAL_MS);
  const fetching = withTorrent(model, async (torrent) => {
    torrent.want(ranges);
    await torrent.wait(ranges, signal);
  });
  await fetching.finally(() => clearInterval(timer));
  demandNotRefused(model);
  tell();
}

/** Reads one tensor's verified bytes. */
export const tensorReader =
  (model: Model) =>
  (tensor: TensorInfo): Promise<Uint8Array> => {
    demandNotRefused(model);
    return model.torrent.read(tensor.file, tensor.offset, tensor.bytes);
  };
