import { BitorchError } from '#base';
import type { Architecture } from './architecture.ts';
import { describeFolder } from './describe-folder.ts';
import { describeGguf } from './describe-gguf.ts';
import { invalid } from './errors.ts';
import type { RandomAccess, TensorInfo } from './tensor.ts';

export interface ModelFile {
  /** Relative to the model's folder, `/` between parts. */
  path: string;
  source: RandomAccess;
  /** Whether the path is a link to a file elsewhere: readers that guard against that refuse it. */
  linked?: boolean;
}

/** All that a manifest says about a model beside hashes. */
export interface ModelDescription {
  architecture: Architecture;
  tensors: TensorInfo[];
  tokenizer: { kind: 'gguf' | 'tokenizer.json'; file: string };
  /** Jinja source; null when the model brings none. */
  chatTemplate: string | null;
  name?: string;
  licence?: string;
  /** What a client needs beside tensors: the GGUF header, or the folder's small JSON files whole. */
  headerRanges: { file: string; offset: number; length: number }[];
}

/** Longest chat template that is accepted, in characters: the longest in use have about 20,000. */
export const MAX_CHAT_TEMPLATE = 1 << 16;

/**
 * Reads the headers of a model: one .gguf file, or a Hugging Face folder of safetensors (sharded too). Other
 * files in the list are left alone. Throws FORMAT_INVALID, FORMAT_UNSUPPORTED, SCHEMA_INVALID, or MODEL_NOT_FOUND
 * when the files hold no model.
 */
export async function describeModel(files: readonly ModelFile[]): Promise<ModelDescription> {
  const ggufs = files.filter((file) => file.path.endsWith('.gguf'));
  if (ggufs.length > 1) {
    const names = ggufs.map((file) => file.path).join(', ');
    throw new BitorchError('MODEL_NOT_FOUND', `several GGUF files, name one of them: ${names}`);
  }
  const [gguf] = ggufs;
  const description = gguf ? await describeGguf(gguf) : await describeFolder(files);
  if ((description.chatTemplate?.length ?? 0) > MAX_CHAT_TEMPLATE) {
    throw invalid(`the chat template is longer than ${MAX_CHAT_TEMPLATE} characters`);
  }
  return description;
}
