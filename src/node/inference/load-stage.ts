import { BitorchError, equalBytes, type OnProgress } from '#base';
import { blockRanges } from '#distribution';
import { Stage } from '#execution';
import { demandNotRefused, fetchRanges, type Model, tensorReader } from '../models/library.ts';

export interface LoadOptions {
  readonly first: number;
  readonly end: number;
  readonly slots: number;
  readonly context: number;
  readonly threads: number;
  readonly pin: number | undefined;
}

/**
 * Fetches blocks [first, end) of a model and nothing else, loads them, and checks that they compute what the
 * manifest says. Throws GOLDEN_MISMATCH when they do not.
 */
export async function loadStage(
  model: Model,
  options: LoadOptions,
  { onProgress, signal }: { onProgress: OnProgress; signal: AbortSignal },
): Promise<Stage> {
  const { first, end } = options;
  const { manifest } = model;
  if (end > manifest.architecture.layers || first >= end) {
    throw new BitorchError(
      'BLOCKS_INVALID',
      `${manifest.name} has blocks 0–${manifest.architecture.layers - 1}`,
      { first, end },
    );
  }
  await fetchRanges(model, blockRanges(manifest, first, end), { onProgress, signal });
  const blocks = manifest.blocks.slice(first, end);
  const stage = await Stage.load({
    ...options,
    context: Math.min(options.context, manifest.architecture.context),
    architecture: manifest.architecture,
    blocks: blocks.map(({ tensors }) => tensors),
    read: tensorReader(model),
    onProgress,
    signal,
  });
  const hashes = await stage.goldenHashes();
  const wrong = hashes.findIndex((hash, i) => !equalBytes(hash, blocks[i]!.golden));
  if (wrong >= 0 || model.files.state === 'refused') await stage.stop();
  demandNotRefused(model);
  if (wrong >= 0) {
    throw new BitorchError(
      'GOLDEN_MISMATCH',
      `block ${first + wrong} of ${manifest.name} does not compute what its manifest says: the manifest is wrong or this machine computes wrongly`,
    );
  }
  return stage;
}
