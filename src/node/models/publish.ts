import { encodeCanonical, equalBytes, type OnProgress } from '#base';
import type { SigningKey } from '#crypto';
import { createMetainfo, type Manifest, type ModelSource, openSource, signManifest } from '#distribution';
import { describeForManifest, type ManifestDescription, openTokenizer, Stage, tryPrompts } from '#execution';
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

/**
 * Turns a source into this publisher's own signed manifest and a torrent, and seeds it from where its files lie. The
 * same files under another publisher's or another description are another model, which shares the torrent.
 */
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
  const { description, licence } = await withFiles(source, describeForManifest);
  await tryTokenizer(source, description);
  const { name } = source;
  const stated = {
    ...description,
    name,
    version: 1,
    licence: source.licence ?? licence ?? 'unknown',
    files: source.files.map(({ path, size, sha256 }) => ({ path, size, sha256 })),
  };
  const own = library.all().find(({ manifest }) => states(manifest, { ...stated, publisher: key.publicKey }));
  if (own) return library.add(own.sealed, own.metainfo.bytes, source.directory);

  const metainfo = await createMetainfo({
    directory: source.directory,
    files: source.files.map(({ path }) => path),
    name,
    trackers: [...options.trackers],
    onProgress,
    signal,
  });
  const golden = await goldenHashes(source, description, {
    threads: options.threads,
    onProgress,
    signal,
  });
  const { infohash, pieceLength } = metainfo;
  const blocks = description.blocks.map((tensors, block) => ({ tensors, golden: golden[block]! }));
  const sealed = signManifest({ ...stated, infohash, pieceLength, blocks }, key);
  return library.add(sealed, metainfo.bytes, source.directory);
}

/** What a publisher says of a model; the rest of a manifest, torrent and golden hashes, follows from the files. */
type Statement = ManifestDescription & Pick<Manifest, 'name' | 'version' | 'licence' | 'files' | 'publisher'>;

function states(manifest: Manifest, statement: Statement): boolean {
  const tensors = statement.blocks;
  if (manifest.blocks.length !== tensors.length) return false;
  const blocks = manifest.blocks.map(({ golden }, n) => ({ golden, tensors: tensors[n]! }));
  return equalBytes(encodeCanonical({ ...manifest, ...statement, blocks }), encodeCanonical(manifest));
}

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

/** Whether chats become tokens of this model. Throws what openTokenizer() and tryPrompts() throw. */
function tryTokenizer(
  source: ModelSource,
  { tokenizer, boundary, chatTemplate, architecture }: ManifestDescription,
): Promise<void> {
  return withFiles(source, async (files) => {
    const byPath = new Map(files.map((file) => [file.path, file.source]));
    const opened = await openTokenizer(tokenizer, boundary.ranges, (file, offset, length) =>
      byPath.get(file)!.read(offset, length),
    );
    tryPrompts({ tokenizer: opened, chatTemplate, vocab: architecture.vocab });
  });
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
