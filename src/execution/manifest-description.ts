import { encodeCanonical, equalBytes } from '#base';
import type { Manifest } from '#distribution';
import { describeModel, type ModelFile, type TensorInfo } from '#formats';
import { arrangeBlocks } from './families/index.ts';

/** All that a manifest says about what is in a model's files, golden hashes aside. */
export interface ManifestDescription
  extends Pick<Manifest, 'architecture' | 'boundary' | 'tokenizer' | 'chatTemplate'> {
  /** Tensors of each block. */
  readonly blocks: TensorInfo[][];
}

/**
 * Derives from a model's files what its manifest has to say about them: for the publisher, who signs it, and for
 * whoever holds a manifest against its files. `licence`: what the files name. Throws like describeModel(), and
 * TENSORS_INVALID.
 */
export async function describeForManifest(
  files: readonly ModelFile[],
): Promise<{ description: ManifestDescription; licence?: string | undefined }> {
  const { architecture, tensors, headerRanges, tokenizer, chatTemplate, licence } =
    await describeModel(files);
  const { blocks, boundary } = arrangeBlocks(architecture, tensors);
  const description = {
    architecture,
    blocks,
    boundary: { tensors: boundary, ranges: headerRanges },
    tokenizer,
    chatTemplate,
  };
  return { description, licence };
}

/** The parts of a manifest that are not what its files say, by their names in the manifest. */
export function differencesFrom(manifest: Manifest, description: ManifestDescription): string[] {
  const stated: ManifestDescription = {
    architecture: manifest.architecture,
    blocks: manifest.blocks.map(({ tensors }) => tensors),
    boundary: manifest.boundary,
    tokenizer: manifest.tokenizer,
    chatTemplate: manifest.chatTemplate,
  };
  const parts = Object.keys(stated) as (keyof ManifestDescription)[];
  return parts.filter(
    (part) => !equalBytes(encodeCanonical(stated[part]), encodeCanonical(description[part])),
  );
}
