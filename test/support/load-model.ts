import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  arrangeBlocks,
  Boundary,
  describeModel,
  type EngineOptions,
  type ModelDescription,
  Stage,
} from '#execution';
import { fileAccess, type TensorInfo } from '#formats';

export interface LoadedModel {
  readonly description: ModelDescription;
  readonly blocks: TensorInfo[][];
  readonly boundary: TensorInfo[];
  read(tensor: TensorInfo): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Opens a model folder or a GGUF file for the engine. */
export async function openModel(path: string): Promise<LoadedModel> {
  const folder = path.endsWith('.gguf') ? dirname(path) : path;
  const names = path.endsWith('.gguf') ? [basename(path)] : await readdir(folder);
  const files = await Promise.all(
    names.map(async (name) => ({ path: name, source: await fileAccess(join(folder, name)) })),
  );
  const description = await describeModel(files);
  const sources = new Map(files.map((file) => [file.path, file.source]));
  return {
    description,
    ...arrangeBlocks(description.architecture, description.tensors),
    read: (tensor) => sources.get(tensor.file)!.read(tensor.offset, tensor.bytes),
    async close() {
      for (const { source } of files) await source.close();
    },
  };
}

type Engine = Pick<EngineOptions, 'threads' | 'pin' | 'build'>;

export const loadBlocks = (
  model: LoadedModel,
  first: number,
  end: number,
  options: Engine & { slots?: number; context?: number } = {},
) =>
  Stage.load({
    slots: 1,
    context: 256,
    ...options,
    architecture: model.description.architecture,
    first,
    end,
    blocks: model.blocks.slice(first, end),
    read: model.read,
  });

export const loadBoundary = (model: LoadedModel, options: Engine = {}) =>
  Boundary.load({
    ...options,
    architecture: model.description.architecture,
    tensors: model.boundary,
    read: model.read,
  });

/** Rows of one slot at consecutive positions. */
export const rowsAt = (position: number, count: number, slot = 0) =>
  Array.from({ length: count }, (_, i) => ({ slot, position: position + i }));
