import { encodeCanonical, equalBytes } from '#base';
import type { Manifest } from '#distribution';
import type { ModelFile, TensorInfo } from '#formats';
import { arrangeBlocks } from '../families/index.ts';
import { describeModel } from './model.ts';

/** The fields of a manifest that are derived from a model's files alone, without running it. */
export interface ManifestDescription
  extends Pick<Manifest, 'architecture' | 'boundary' | 'tokenizer' | 'chatTemplate'> {
  /** Tensors of each block. */
  readonly blocks: TensorInfo[][];
}

/**
 * Derives the description in a manifest from a model's files. Used by the publisher, who signs it, and by nodes that compare
 * a manifest with its files. `licence` is the licence that the files declare. Throws TENSORS_INVALID when the tensors do not
 * match the architecture, and whatever describeModel() throws.
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

/** Names of the manifest fields that differ from the description derived from its files. */
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
