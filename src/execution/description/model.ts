import { BitorchError } from '#base';
import { invalidFile as invalid, type ModelFile } from '#formats';
import { describeFolder } from './folder.ts';
import { describeGguf } from './gguf.ts';
import type { ModelDescription } from './model-description.ts';

/** Maximum length of a chat template in characters. The longest in use have about 20,000. */
const MAX_CHAT_TEMPLATE = 1 << 16;

/**
 * Reads the headers of a model: a .gguf file, or a Hugging Face folder of safetensors, possibly sharded. Ignores other files.
 * Throws MODEL_NOT_FOUND when the files contain no model, FORMAT_INVALID, FORMAT_UNSUPPORTED or SCHEMA_INVALID when it cannot be
 * read.
 */
export async function describeModel(files: readonly ModelFile[]): Promise<ModelDescription> {
  const ggufs = files.filter((file) => file.path.endsWith('.gguf'));
  if (ggufs.length > 1) {
    const names = ggufs.map((file) => file.path).join(', ');
    throw new BitorchError('MODEL_NOT_FOUND', `there are several GGUF files, choose one of them: ${names}`);
  }
  const [gguf] = ggufs;
  const description = gguf ? await describeGguf(gguf) : await describeFolder(files);
  if ((description.chatTemplate?.length ?? 0) > MAX_CHAT_TEMPLATE) {
    throw invalid(`the chat template is longer than ${MAX_CHAT_TEMPLATE} characters`);
  }
  return description;
}
