import { equalBytes, type OnProgress } from '#base';
import type { SigningKey } from '#crypto';
import { createMetainfo, type ModelSource, openSource, signManifest } from '#distribution';
import { describeForManifest, type ManifestDescription, Stage } from '#execution';
import { FilePool, type ModelFile } from '#formats';
import type { Library, Model } from './library.ts';

export interface PublishOptions {
  /** Spelling of the source: see docs/guides/models.md. */
  readonly source: string;
  /** Folder for fetched sources. */
  readonly cache: string;
  /** Another Hugging Face Hub than the public one. */
  readonly hub?: string | undefined;
  readonly trackers: readonly string[];
  readonly threads: number;
}

/** Turns a source into a signed manifest and a torrent, and seeds it from where its files lie. */
export async function publish(
  options: PublishOptions,
  {
    key,
    library,
    onProgress,
    signal,
  }: { key: SigningKey; library: Library; onProgress: OnProgress; signal: AbortSignal },
): Promise<Model> {
  const source = await openSource(options.source, {
    cache: options.cache,
    ...(options.hub && { hubUrl: options.hub }),
    onProgress,
    signal,
  });
  const known = library.all().find(({ manifest }) => isSame(manifest.files, source.files));
  if (known) return known;

  const { description, licence } = await withFiles(source, describeForManifest);
  const paths = source.files.map(({ path }) => path);
  const { name } = source;
  const trackers = [...options.trackers];
  const metainfo = await createMetainfo({
    directory: source.directory,
    files: paths,
    name,
    trackers,
    onProgress,
    signal,
  });
  const golden = await goldenHashes(source, description, {
    threads: options.threads,
    onProgress,
    signal,
  });
  const sealed = signManifest(
    {
      name,
      version: 1,
      licence: source.licence ?? licence ?? 'unknown',
      ...description,
      files: source.files.map(({ path, size, sha256 }) => ({ path, size, sha256 })),
      infohash: metainfo.infohash,
      pieceLength: metainfo.pieceLength,
      blocks: description.blocks.map((tensors, block) => ({ tensors, golden: golden[block]! })),
    },
    key,
  );
  return library.add(sealed, metainfo.bytes, source.directory);
}

const isSame = (a: readonly { sha256: Uint8Array }[], b: readonly { sha256: Uint8Array }[]): boolean =>
  a.length === b.length && a.every((file, i) => equalBytes(file.sha256, b[i]!.sha256));

/** The source's files, readable while `use` runs. */
async function withFiles<T>(source: ModelSource, use: (files: ModelFile[]) => Promise<T>): Promise<T> {
  const pool = new FilePool();
  try {
    return await use(
      await pool.folder(
        source.directory,
        source.files.map(({ path }) => path),
      ),
    );
  } finally {
    await pool.close();
  }
}

/** The output hash of each block for the fixed input of docs/protocol/arithmetic.md. */
function goldenHashes(
  source: ModelSource,
  { architecture, blocks }: ManifestDescription,
  options: { threads: number; onProgress: OnProgress; signal: AbortSignal },
): Promise<Uint8Array[]> {
  return withFiles(source, async (files) => {
    const byPath = new Map(files.map((file) => [file.path, file.source]));
    const stage = await Stage.load({
      architecture,
      first: 0,
      end: architecture.layers,
      blocks,
      read: (tensor) => byPath.get(tensor.file)!.read(tensor.offset, tensor.bytes),
      slots: 1,
      context: 32,
      ...options,
    });
    return stage.goldenHashes().finally(() => stage.stop());
  });
}
