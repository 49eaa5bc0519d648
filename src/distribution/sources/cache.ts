import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { check, pause, sha256, toHex, tryLockFile, utf8, writeFileAtomic, z } from '#base';
import { takeInventory } from './inventory.ts';
import type { ModelSource, SourceContent, SourceOptions } from './source.ts';

const LOCK_POLL_MS = 200;

const recordSchema = z.strictObject({
  spec: z.string(),
  name: z.string(),
  licence: z.string().optional(),
  /** Name of the directory in `models`. */
  content: z.string().regex(/^[0-9a-f]{64}$/),
  paths: z.array(z.string()).min(1),
});
type Record = z.infer<typeof recordSchema>;

/**
 * Fetched models, addressed by content: `models/<hash of paths and SHA-256s>/` has the files, `sources/<hash of the
 * spec>.json` maps a spec to its content. Fetches write to `partial/`, where an interrupted one is resumed; complete and
 * verified content is then moved into place.
 */
export class SourceCache {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The cached files of a spec; undefined when there are none or they fail verification. */
  async find(spec: string, options: SourceOptions): Promise<ModelSource | undefined> {
    const record = await this.#readRecord(spec);
    if (!record) return undefined;
    const directory = this.#models(record.content);
    const files = await this.#holds(record.content, record.paths, options);
    if (files) return sourceOf(record, directory, files);
    await rm(directory, { recursive: true, force: true });
    return undefined;
  }

  /** The files of this content, if present and unmodified. */
  async #holds(
    content: string,
    paths: readonly string[],
    options: SourceOptions,
  ): Promise<ModelSource['files'] | undefined> {
    try {
      const files = await takeInventory(this.#models(content), paths, this.#inventory(content), options);
      return contentOf(files) === content ? files : undefined;
    } catch {
      options.signal?.throwIfAborted();
      return undefined;
    }
  }

  /**
   * Returns the cached files, or calls `fetch` with a directory that is empty or holds an interrupted fetch. One process at
   * a time works on a spec.
   */
  async obtain(
    spec: string,
    options: SourceOptions,
    fetch: (partial: string) => Promise<SourceContent>,
  ): Promise<ModelSource> {
    const key = keyOf(spec);
    const partial = join(this.#directory, 'partial', key);
    return withLock(join(this.#directory, 'locks', key), options.signal, async () => {
      const known = await this.find(spec, options);
      if (known) return known;
      await mkdir(partial, { recursive: true });
      const content = await fetch(partial);
      return this.#keep(spec, content, partial, options);
    });
  }

  async #keep(
    spec: string,
    content: SourceContent,
    partial: string,
    options: SourceOptions,
  ): Promise<ModelSource> {
    const inventory = join(partial, 'inventory.json');
    const staged = join(partial, 'files');
    const files = await takeInventory(staged, content.paths, inventory, options);
    const id = contentOf(files);
    const directory = this.#models(id);
    if (!(await this.#holds(id, content.paths, options))) {
      await mkdir(join(this.#directory, 'models'), { recursive: true });
      await rm(directory, { recursive: true, force: true });
      await rename(inventory, this.#inventory(id));
      await rename(staged, directory);
    }
    const record: Record = { spec, content: id, ...content };
    await writeFileAtomic(this.#record(spec), JSON.stringify(record));
    await rm(partial, { recursive: true, force: true });
    return sourceOf(record, directory, files);
  }

  async #readRecord(spec: string): Promise<Record | undefined> {
    try {
      return check(recordSchema, JSON.parse(await readFile(this.#record(spec), 'utf8')), 'source record');
    } catch {
      // Not fetched yet, or a damaged record: fetching writes a new one.
      return undefined;
    }
  }

  #record(spec: string): string {
    return join(this.#directory, 'sources', `${keyOf(spec)}.json`);
  }

  #models(content: string): string {
    return join(this.#directory, 'models', content);
  }

  #inventory(content: string): string {
    return join(this.#directory, 'models', `${content}.json`);
  }
}

const keyOf = (spec: string): string => toHex(sha256(utf8(spec))).slice(0, 32);

function contentOf(files: ModelSource['files']): string {
  const lines = files.map(({ path, sha256 }) => `${toHex(sha256)}  ${path}\n`).sort();
  return toHex(sha256(utf8(lines.join(''))));
}

function sourceOf({ name, licence }: Record, directory: string, files: ModelSource['files']): ModelSource {
  return { name, ...(licence !== undefined && { licence }), directory, files };
}

/** Runs `work` while holding a lock file, exclusively among the processes of this machine. */
async function withLock<T>(
  path: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  let unlock = await tryLockFile(path);
  while (!unlock) {
    await pause(LOCK_POLL_MS, signal);
    unlock = await tryLockFile(path);
  }
  try {
    return await work();
  } finally {
    unlock();
  }
}
