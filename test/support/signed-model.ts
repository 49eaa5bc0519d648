import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SigningKey } from '#crypto';
import {
  createMetainfo,
  type Manifest,
  type ManifestFields,
  openManifest,
  signManifest,
} from '#distribution';
import { describeForManifest, Stage } from '#execution';
import { inBuffer, type ModelFile } from '#formats';

export interface SignedModel {
  readonly fields: ManifestFields;
  readonly manifest: Manifest;
  /** In memory. */
  readonly files: ModelFile[];
  readonly directory: string;
}

export const signed = (fields: ManifestFields): Manifest =>
  openManifest(signManifest(fields, SigningKey.generate()));

/** A folder's files with the manifest that an honest publisher signs. */
export async function signedModel(directory: string): Promise<SignedModel> {
  const paths = (await readdir(directory)).sort();
  const contents = await Promise.all(paths.map((path) => readFile(join(directory, path))));
  const files = paths.map((path, n) => ({ path, source: inBuffer(contents[n]!) }));
  const { description } = await describeForManifest(files);
  const { architecture, blocks } = description;
  const byPath = new Map(files.map(({ path, source }) => [path, source]));
  const stage = await Stage.load({
    architecture,
    first: 0,
    end: architecture.layers,
    blocks,
    read: ({ file, offset, bytes }) => byPath.get(file)!.read(offset, bytes),
    slots: 1,
    context: 32,
  });
  const golden = await stage.goldenHashes().finally(() => stage.stop());
  const { infohash, pieceLength } = await createMetainfo({
    directory,
    files: paths,
    name: 'tiny',
    trackers: [],
  });
  const fields: ManifestFields = {
    name: 'tiny',
    version: 1,
    licence: 'unknown',
    ...description,
    files: paths.map((path, n) => ({
      path,
      size: contents[n]!.length,
      sha256: new Uint8Array(createHash('sha256').update(contents[n]!).digest()),
    })),
    infohash,
    pieceLength,
    blocks: blocks.map((tensors, block) => ({ tensors, golden: golden[block]! })),
  };
  return { fields, manifest: signed(fields), files, directory };
}
