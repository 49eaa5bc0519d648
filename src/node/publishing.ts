import { join } from 'node:path';
import type { OnProgress } from '#base';
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
  a.length === b.length && a.every((file, i) => Buffer.compare(file.sha256, b[i]!.sha256) === 0);

const accessOf = (source: ModelSource, path: string) => fileAccess(join(source.directory, path));

async function describe(source: ModelSource): Promise<ModelDescription> {
  const files = await Promise.all(
    source.files.map(async ({ path }) => ({ path, source: await accessOf(source, path) })),
  );
  return describeModel(files).finally(() => Promise.all(files.map((file) => file.source.close())));
}

/** The output hash of each block for the fixed input of docs/protocol/arithmetic.md. */
async function goldenHashes(
  source: ModelSource,
  { architecture }: ModelDescription,
  blocks: TensorInfo[][],
  options: { threads: number; onProgress: OnProgress; signal: AbortSignal },
): Promise<Uint8Array[]> {
  const files = new Map(
    await Promise.all(source.files.map(async ({ path }) => [path, await accessOf(source, path)] as const)),
  );
  const read = (tensor: TensorInfo) => files.get(tensor.file)!.read(tensor.offset, tensor.bytes);
  const range = { first: 0, end: architecture.layers };
  try {
    const stage = await Stage.load({
      architecture,
      ...range,
      blocks,
      read,
      slots: 1,
      context: 32,
      ...options,
    });
    return await stage.goldenHashes().finally(() => stage.stop());
  } finally {
    for (const file of files.values()) await file.close();
  }
}
