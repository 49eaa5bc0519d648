/** Files that others of the same folder say belong to the model, and that are not there. */
import { BitorchError, codeOf } from '#base';
import { JsonReader, type JsonScalar, type JsonVisitor, type ModelFile } from '#formats';

const INDEX = /\.index(\.[\w-]+)?\.json$/i;
/** One of several, as transformers and llama.cpp number them. */
const NUMBERED = /^(.*-)(\d{5})-of-(\d{5})(\.(?:safetensors|gguf|bin))$/i;
const MAX_INDEX = 1 << 27;
const CHUNK = 1 << 18;
const MAX_PARTS = 1 << 16;
const MAX_TOLD = 8;

/**
 * What is missing, in words, at most a few for each model: shards of an index that was read, and files of a numbered row.
 * `isThere` says whether a path is known although it was not read.
 */
export async function missingParts(
  files: readonly ModelFile[],
  isThere: (path: string) => boolean,
): Promise<string[]> {
  const paths = new Set(files.map(({ path }) => path));
  const missing = new Map<string, Set<string>>();
  const miss = (from: string, path: string) => {
    const told = missing.get(from) ?? new Set();
    if (told.size < MAX_TOLD && !paths.has(path) && !isThere(path)) missing.set(from, told.add(path));
  };
  const rows = new Set<string>();
  for (const file of files) {
    const folder = file.path.slice(0, file.path.lastIndexOf('/') + 1);
    const [, base = '', , count = '', ending = ''] = NUMBERED.exec(file.path.slice(folder.length)) ?? [];
    const row = `${folder}${base}of-${count}${ending}`;
    if (count !== '' && !rows.has(row)) {
      rows.add(row);
      for (let n = 1; n <= Number(count); n++)
        miss(row, `${folder}${base}${String(n).padStart(5, '0')}-of-${count}${ending}`);
    }
    if (!INDEX.test(file.path) || file.source.size > MAX_INDEX) continue;
    for (const shard of await shardsIn(file)) miss(file.path, `${folder}${shard}`);
  }
  const told = new Set([...missing.values()].flatMap((paths) => [...paths]));
  return [...told].map((path) => `${path}: a part of the model that is not there`);
}

/** The files that `weight_map` of an index names; none when it is no index. */
async function shardsIn({ path, source }: ModelFile): Promise<Set<string>> {
  const names = new ShardNames();
  try {
    const reader = new JsonReader(path, names, { pythonNumbers: true });
    for (let at = 0; at < source.size; at += CHUNK)
      reader.write(await source.read(at, Math.min(CHUNK, source.size - at)));
    reader.end();
  } catch (error) {
    // The scan itself says what is wrong with it.
    if (!(error instanceof BitorchError) || codeOf(error) !== 'FORMAT_INVALID') throw error;
  }
  return names.found;
}

class ShardNames implements JsonVisitor {
  readonly found = new Set<string>();
  #depth = 0;
  #key = '';

  open(): void {
    this.#depth++;
  }

  close(): void {
    this.#depth--;
  }

  key(name: string): void {
    if (this.#depth === 1) this.#key = name;
  }

  value(value: JsonScalar): void {
    const names = this.#depth === 2 && this.#key === 'weight_map' && this.found.size < MAX_PARTS;
    if (names && typeof value === 'string') this.found.add(value);
  }
}
