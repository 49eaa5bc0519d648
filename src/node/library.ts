import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BitorchError,
  check,
  codeOf,
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

const PROGRESS_INTERVAL_MS = 100;
const MANIFEST_PROTOCOL = '/bitorch/distribution/manifest/1';
const answerSchema = z.strictObject({
  manifest: zBytesUpTo(MAX_MANIFEST_BYTES),
  metainfo: zBytesUpTo(MAX_METAINFO_BYTES),
});

/** A model that this node knows, and its swarm. */
export interface Model {
  /** Manifest id, hexadecimal. */
  readonly id: string;
  readonly manifest: Manifest;
  /** The signed manifest as it is passed on. */
  readonly sealed: Uint8Array;
  readonly metainfo: Metainfo;
  readonly torrent: Torrent;
  /** Whether all files are here and are what the manifest says. */
  readonly files: { verified: boolean };
}

/** The models of this node: manifests on disk, one torrent each, both handed to whoever asks. */
export class Library {
  readonly #home: string;
  readonly #trackers: readonly string[];
  readonly #host: Host;
  readonly #swarm: Swarm;
  readonly #log: Logger;
  readonly #admits: (id: string, peerId: string) => boolean;
  readonly #models = new Map<string, Model>();
  readonly #lifecycle = new Lifecycle();

  constructor(
    options: { home: string; trackers: readonly string[] },
    dependencies: {
      host: Host;
      swarm: Swarm;
      log: Logger;
      /** Whether a peer of the swarm (hexadecimal id) may exchange pieces of a model with us. */
      admits: (id: string, peerId: string) => boolean;
    },
  ) {
    this.#home = join(options.home, 'models');
    this.#trackers = options.trackers;
    this.#host = dependencies.host;
    this.#swarm = dependencies.swarm;
    this.#log = dependencies.log;
    this.#admits = dependencies.admits;
  }

  /** Opens what is on disk and begins to answer others. */
  async start(): Promise<void> {
    await mkdir(this.#home, { recursive: true });
    for (const id of await readdir(this.#home)) await this.#reopen(id);
    await this.#host.answer(MANIFEST_PROTOCOL, async (message) => this.#answer(message));
  }

  /** Ends what still verifies files. */
  stop(): Promise<void> {
    return this.#lifecycle.stop();
  }

  all(): Model[] {
    return [...this.#models.values()];
  }

  /** Whether a model's files lie in this node's home, where it fetched them: a publisher's own lie elsewhere. */
  isInHome(id: string): boolean {
    return this.#models.get(id)?.torrent.directory === join(this.#home, id, 'files');
  }

  find(id: string): Model | undefined {
    return this.#models.get(id);
  }

  /** Adds a model; its files lie in `directory`, or will be fetched into this node's home. */
  async add(sealed: Uint8Array, metainfoBytes: Uint8Array, directory?: string): Promise<Model> {
    const manifest = openManifest(sealed);
    const id = toHex(manifestId(sealed));
    const known = this.#models.get(id);
    if (known) return known;
    const metainfo = parseMetainfo(metainfoBytes);
    if (toHex(metainfo.infohash) !== toHex(manifest.infohash)) {
      throw new BitorchError(
        'METAINFO_INVALID',
        `the torrent of ${manifest.name} is not the one its manifest names`,
      );
    }
    const folder = join(this.#home, id);
    const torrent = await this.#swarm.add({
      metainfo,
      directory: directory ?? join(folder, 'files'),
      trackers: [...this.#trackers],
      want: 'none',
      admits: (peerId) => this.#admits(id, peerId),
    });
    await writeFileAtomic(join(folder, 'model.torrent'), metainfoBytes);
    if (directory) await writeFileAtomic(join(folder, 'directory'), directory);
    await writeFileAtomic(join(folder, 'manifest'), sealed);
    const model = { id, manifest, sealed, metainfo, torrent, files: { verified: false } };
    this.#models.set(id, model);
    this.#verifyWhenComplete(model);
    return model;
  }

  /** Pieces prove themselves as they come; a whole model is also held against the manifest's file hashes. */
  #verifyWhenComplete({ id, manifest, torrent, files }: Model): void {
    verifyFiles(torrent, manifest.files, this.#lifecycle.signal).then(
      () => {
        files.verified = true;
      },
      (error: unknown) => {
        if (this.#lifecycle.signal.aborted || codeOf(error) === 'TORRENT_STOPPED') return;
        this.#log.error({ model: id, error: messageOf(error) }, 'model files are not what the manifest says');
      },
    );
  }

  /** Who may exchange pieces of this model has changed. */
  review(id: string): void {
    this.#models.get(id)?.torrent.review();
  }

  /** Forgets a model that was fetched into this node's home, and deletes its files. */
  async discard({ id, torrent }: Model): Promise<void> {
    this.#models.delete(id);
    await this.#swarm.remove(torrent);
    await rm(join(this.#home, id), { recursive: true, force: true });
  }

  /** Asks the nodes that hold a model for its manifest and torrent. Throws MODEL_UNKNOWN when none gives them. */
  async obtain(id: string, holders: readonly PeerAddress[]): Promise<Model> {
    const known = this.#models.get(id);
    if (known) return known;
    for (const holder of holders) {
      try {
        const limits = { maxBytes: MAX_MANIFEST_BYTES + MAX_METAINFO_BYTES };
        const answer = await this.#host.request(holder, MANIFEST_PROTOCOL, { manifest: fromHex(id) }, limits);
        const { manifest, metainfo } = check(answerSchema, answer, 'manifest answer');
        if (toHex(manifestId(manifest)) === id) return await this.add(manifest, metainfo);
      } catch (error) {
        this.#log.info({ holder: holder.id, error: messageOf(error) }, 'manifest not obtained');
      }
    }
    throw new BitorchError(
      'MODEL_UNKNOWN',
      `no reachable node gives the manifest of model ${id.slice(0, 16)}…`,
    );
  }

  async #reopen(id: string): Promise<void> {
    const folder = join(this.#home, id);
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
    const { manifest } = check(z.strictObject({ manifest: zBytes(32) }), message, 'manifest request');
    const model = this.#models.get(toHex(manifest));
    if (!model) throw new BitorchError('MODEL_UNKNOWN', 'this node does not hold that model');
    return { manifest: model.sealed, metainfo: model.metainfo.bytes };
  }
}

/** Fetches byte ranges of a model and waits until they are verified; reports how far it is. */
export async function fetchRanges(
  { torrent }: Model,
  ranges: ByteRange[],
  { onProgress, signal }: { onProgress: OnProgress; signal: AbortSignal },
): Promise<void> {
  torrent.want(ranges);
  const tell = () => {
    const { bytesWantedHave, bytesWanted } = torrent.progress();
    onProgress({ step: 'fetching', done: bytesWantedHave, total: bytesWanted, unit: 'bytes' });
  };
  const timer = setInterval(tell, PROGRESS_INTERVAL_MS);
  await torrent.wait(ranges, signal).finally(() => clearInterval(timer));
  tell();
}

/** Reads one tensor's verified bytes. */
export const tensorReader =
  ({ torrent }: Model) =>
  (tensor: TensorInfo): Promise<Uint8Array> =>
    torrent.read(tensor.file, tensor.offset, tensor.bytes);
