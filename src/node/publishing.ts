import { join } from 'node:path';
import { equalBytes, type OnProgress } from '#base';
import type { SigningKey } from '#crypto';
import { createMetainfo, type ModelSource, openSource, signManifest } from '#distribution';
import { arrangeBlocks, Stage } from '#execution';
import { describeModel, fileAccess, type ModelDescription, type TensorInfo } from '#formats';
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

  const description = await describe(source);
  const { blocks, boundary } = arrangeBlocks(description.architecture, description.tensors);
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
  const golden = await goldenHashes(source, description, blocks, {
    threads: options.threads,
    onProgress,
    signal,
  });
  const sealed = signManifest(
    {
      name,
      version: 1,
      licence: source.licence ?? description.licence ?? 'unknown',
      architecture: description.architecture,
      files: source.files.map(({ path, size, sha256 }) => ({ path, size, sha256 })),
      infohash: metainfo.infohash,
      pieceLength: metainfo.pieceLength,
      boundary: { tensors: boundary, ranges: description.headerRanges },
      blocks: blocks.map((tensors, block) => ({ tensors, golden: golden[block]! })),
      tokenizer: description.tokenizer,
      chatTemplate: description.chatTemplate,
    },
    key,
  );
  return library.add(sealed, metainfo.bytes, source.directory);
}

const isSame = (a: readonly { sha256: Uint8Array }[], b: readonly { sha256: Uint8Array }[]): boolean =>
  a.length === b.length && a.every((file, i) => equalBytes(file.sha256, b[i]!.sha256));

type ModelFiles = Map<string, Awaited<ReturnType<typeof fileAccess>>>;

/** The source's files by path, open while `use` runs. */
async function withFiles<T>(source: ModelSource, use: (files: ModelFiles) => Promise<T>): Promise<T> {
  const files: ModelFiles = new Map();
  try {
    for (const { path } of source.files) files.set(path, await fileAccess(join(source.directory, path)));
    return await use(files);
  } finally {
    for (const file of files.values()) await file.close();
  }
}

const describe = (source: ModelSource): Promise<ModelDescription> =>
  withFiles(source, (files) => describeModel([...files].map(([path, access]) => ({ path, source: access }))));

/** The output hash of each block for the fixed input of docs/protocol/arithmetic.md. */
function goldenHashes(
  source: ModelSource,
  { architecture }: ModelDescription,
  blocks: TensorInfo[][],
  options: { threads: number; onProgress: OnProgress; signal: AbortSignal },
): Promise<Uint8Array[]> {
  return withFiles(source, async (files) => {
    const read = (tensor: TensorInfo) => files.get(tensor.file)!.read(tensor.offset, tensor.bytes);
    const range = { first: 0, end: architecture.layers };
    const stage = await Stage.load({
      architecture,
      ...range,
      blocks,
      read,
      slots: 1,
      context: 32,
      ...options,
    });
    return stage.goldenHashes().finally(() => stage.stop());
  });
}
