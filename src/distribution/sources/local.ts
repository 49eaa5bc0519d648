import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { BitorchError, sha256, toHex, utf8 } from '#base';
import { takeInventory } from './inventory.ts';
import { requireEndings, requirePlainNames } from './names.ts';
import { licenceOf, selectModelFiles } from './selection.ts';
import type { ModelSource, SourceOptions } from './source.ts';

/** Opens a .gguf file or a folder in place. Throws MODEL_NOT_FOUND or SOURCE_INVALID. */
export async function openLocal(path: string, options: SourceOptions): Promise<ModelSource> {
  const place = resolve(path);
  const entry = await stat(place).catch(() => undefined);
  if (!entry) throw new BitorchError('MODEL_NOT_FOUND', `${place} does not exist`, { path: place });
  const isFolder = entry.isDirectory();
  const names = isFolder ? await readdir(place) : [basename(place)];
  requireEndings(names);
  if (!isFolder && !place.endsWith('.gguf')) {
    throw new BitorchError('MODEL_NOT_FOUND', `${place} is neither a folder nor a .gguf file`, {
      path: place,
    });
  }
  const directory = isFolder ? place : dirname(place);
  const paths = isFolder ? selectModelFiles(names, place) : names;
  const name = basename(place, '.gguf');
  requirePlainNames(name, paths, place);
  const record = join(options.cache, 'inventories', `${toHex(sha256(utf8(place))).slice(0, 32)}.json`);
  const files = await takeInventory(directory, paths, record, options);
  const readme = isFolder ? await readFile(join(place, 'README.md'), 'utf8').catch(() => '') : '';
  const licence = licenceOf(readme);
  return { name, ...(licence && { licence }), directory, files };
}
