import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ListFileEntry } from '@huggingface/hub';
import { BitorchError, codeOf, messageOf, pause } from '#base';
import { checkPath, checkPaths } from '../paths.ts';
import { placeBelow } from './place.ts';
import { licenceOf, selectModelFiles } from './selection.ts';
import type { SourceContent, SourceOptions } from './source.ts';

const ATTEMPTS = 4;
const RETRY_MS = 1000;
/** A transfer without data for this long is aborted and resumed. */
const STALL_MS = 30_000;
const MAX_ENTRIES = 10_000;
/** Suffix of incomplete files. */
const PART = '.part';
const COMMIT = /^[0-9a-f]{40}$/;
const PREFERRED_GGUF = /[-_.](q4_1|q4_0|q8_0)\.gguf$/i;

export interface HubSpec {
  /** `owner/name`. */
  repo: string;
  /** A branch, tag or commit; the main branch by default. */
  revision?: string;
  /** A single .gguf file of the repository. */
  file?: string;
  /** Prefer a GGUF file in a supported quantisation over the safetensors, where the repository has one. */
  preferGguf?: boolean;
  /** Fetch every file of the repository, not only those needed to run the model. */
  everything?: boolean;
}

/** Parses `hf:owner/name[/file.gguf][@revision]`. Throws SOURCE_INVALID or PATH_UNSAFE. */
export function parseHubSpec(spec: string): HubSpec {
  const match = /^hf:(\w[\w.-]*\/\w[\w.-]*?)(?:\/([\w./-]+\.gguf))?(?:@(\w[\w./-]*))?$/.exec(spec);
  if (!match) throw new BitorchError('SOURCE_INVALID', `${spec}: write hf:owner/name[/file.gguf][@revision]`);
  const [, repo, file, revision] = match;
  if (file) checkPath(file);
  return { repo: repo!, ...(file && { file }), ...(revision && { revision }) };
}

/**
 * Resolves the spec's revision to a commit. Throws SOURCE_UNREACHABLE, MODEL_NOT_FOUND, or SOURCE_CORRUPT when the Hub
 * returns none.
 */
export async function commitOf(spec: HubSpec, options: SourceOptions): Promise<string> {
  if (spec.revision && COMMIT.test(spec.revision)) return spec.revision;
  const hub = await Hub.connect(spec, options);
  return hub.commit();
}

/**
 * Downloads a model from the Hugging Face Hub into `partial/files`, resuming an interrupted attempt, and verifies each file
 * against the hash that the Hub lists. Throws SOURCE_UNREACHABLE, SOURCE_CORRUPT, MODEL_NOT_FOUND, or PATH_UNSAFE before
 * anything is written when a listed path could leave that folder.
 */
export async function fetchFromHub(
  spec: HubSpec,
  partial: string,
  options: SourceOptions,
): Promise<SourceContent> {
  const hub = await Hub.connect(spec, options);
  const chosen = select(await hub.list(), spec);
  checkListed(chosen);
  const total = chosen.reduce((sum, { size }) => sum + size, 0);
  let before = 0;
  for (const entry of chosen) {
    await fetchFile(hub, entry, partial, options.signal, (done) =>
      options.onProgress?.({ step: `fetching ${spec.repo}`, done: before + done, total, unit: 'bytes' }),
    );
    before += entry.size;
  }
  const readme = await readFile(join(partial, 'files', 'README.md'), 'utf8').catch(() => '');
  const licence = licenceOf(readme);
  const name = basename(spec.file ?? spec.repo, '.gguf');
  return { name, ...(licence && { licence }), paths: chosen.map(({ path }) => path) };
}

/** Checks that all paths can be written, including their incomplete files, and that all sizes are valid. */
function checkListed(chosen: readonly ListFileEntry[]): void {
  const paths = chosen.map(({ path }) => path);
  checkPaths(paths);
  const names = new Set(paths.map((path) => path.toLowerCase()));
  const taken = paths.find((path) => names.has(`${path}${PART}`.toLowerCase()));
  if (taken !== undefined)
    throw new BitorchError('PATH_UNSAFE', `${taken}${PART} is the name of an unfinished ${taken}`);
  const odd = chosen.find(({ size }) => !Number.isSafeInteger(size) || size < 0);
  if (odd) throw new BitorchError('SOURCE_CORRUPT', `${odd.path} is listed with a size of ${odd.size} bytes`);
}

function select(entries: ListFileEntry[], { repo, file, preferGguf, everything }: HubSpec): ListFileEntry[] {
  if (everything && !file) return entries;
  const paths = entries.map(({ path }) => path);
  const preferred = preferGguf ? paths.find((path) => PREFERRED_GGUF.test(path)) : undefined;
  const one = file ?? preferred;
  const chosen = new Set(
    one
      ? [one]
      : selectModelFiles(
          paths.filter((path) => !path.includes('/')),
          repo,
        ),
  );
  const found = entries.filter(({ path }) => chosen.has(path));
  if (found.length === 0) throw new BitorchError('MODEL_NOT_FOUND', `${repo} has no file ${one}`);
  return found;
}

/** One repository at one revision. */
class Hub {
  readonly #library: typeof import('@huggingface/hub');
  readonly #common: { repo: string; hubUrl?: string; revision?: string };
  readonly #signal: AbortSignal | undefined;

  private constructor(
    library: typeof import('@huggingface/hub'),
    common: { repo: string; hubUrl?: string; revision?: string },
    signal: AbortSignal | undefined,
  ) {
    this.#library = library;
    this.#common = common;
    this.#signal = signal;
  }

  static async connect({ repo, revision }: HubSpec, { hubUrl, signal }: SourceOptions): Promise<Hub> {
    const library = await import('@huggingface/hub');
    return new Hub(library, { repo, ...(hubUrl && { hubUrl }), ...(revision && { revision }) }, signal);
  }

  async commit(): Promise<string> {
    const { repo: name, ...common } = this.#common;
    const { sha } = await this.#reach(
      (fetch) => this.#library.modelInfo({ ...common, name, additionalFields: ['sha'], fetch }),
      AbortSignal.timeout(STALL_MS),
    );
    if (COMMIT.test(sha)) return sha;
    throw new BitorchError('SOURCE_CORRUPT', `${name}: the Hub does not report the commit`);
  }

  async list(): Promise<ListFileEntry[]> {
    return this.#reach(async (fetch) => {
      const entries: ListFileEntry[] = [];
      for await (const entry of this.#library.listFiles({ ...this.#common, recursive: true, fetch })) {
        if (entry.type === 'file') entries.push(entry);
        if (entries.length > MAX_ENTRIES) throw new Error(`more than ${MAX_ENTRIES} files`);
      }
      return entries;
    }, AbortSignal.timeout(STALL_MS));
  }

  /** The bytes of a file from `offset` on. */
  async stream(path: string, offset: number, stall: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const blob = await this.#reach(
      (fetch) => this.#library.downloadFile({ ...this.#common, path, fetch }),
      stall,
    );
    if (!blob) throw new BitorchError('MODEL_NOT_FOUND', `${this.#common.repo} has no file ${path}`);
    return (offset === 0 ? blob : blob.slice(offset)).stream() as unknown as AsyncIterable<Uint8Array>;
  }

  async #reach<T>(work: (fetcher: typeof fetch) => Promise<T>, stall: AbortSignal): Promise<T> {
    const signal = this.#signal ? AbortSignal.any([this.#signal, stall]) : stall;
    try {
      return await work((input, init) => fetch(input, { ...init, signal }));
    } catch (error) {
      this.#signal?.throwIfAborted();
      if (error instanceof BitorchError) throw error;
      throw unreachable(this.#common, error);
    }
  }
}

function unreachable({ repo, hubUrl }: { repo: string; hubUrl?: string }, error: unknown): BitorchError {
  const status = (error as { statusCode?: unknown }).statusCode;
  const gone = status === 401 || status === 403 || status === 404;
  // A failed fetch has its reason only in the cause.
  const { cause } = error as { cause?: unknown };
  const reason = cause ? `${messageOf(error)}: ${messageOf(cause) || codeOf(cause)}` : messageOf(error);
  const advice = gone
    ? 'check the name; models that ask for a login are not fetched'
    : 'check the connection, or name another Hub with --hub or HF_ENDPOINT';
  return new BitorchError(
    gone ? 'MODEL_NOT_FOUND' : 'SOURCE_UNREACHABLE',
    `cannot fetch ${repo} from ${hubUrl ?? 'the Hugging Face Hub'} (${reason}): ${advice}`,
    {},
    error,
  );
}

async function fetchFile(
  hub: Hub,
  entry: ListFileEntry,
  partial: string,
  signal: AbortSignal | undefined,
  onBytes: (done: number) => void,
): Promise<void> {
  const place = await placeBelow(join(partial, 'files'), entry.path);
  if (await isAsListed(place, entry)) return onBytes(entry.size);
  const part = await placeBelow(join(partial, 'files'), `${entry.path}${PART}`);
  for (let attempt = 1; ; attempt++) {
    try {
      await append(hub, entry, part, onBytes);
      break;
    } catch (error) {
      signal?.throwIfAborted();
      if (codeOf(error) === 'SOURCE_CORRUPT') await rm(part, { force: true });
      if (codeOf(error) !== 'SOURCE_UNREACHABLE' || attempt === ATTEMPTS) throw error;
      await pause(RETRY_MS * attempt, signal);
    }
  }
  if (!(await isAsListed(part, entry))) {
    await rm(part, { force: true });
    throw new BitorchError(
      'SOURCE_CORRUPT',
      `${entry.path} does not have the hash that the Hub lists: try again`,
    );
  }
  await rename(part, place);
}

async function append(
  hub: Hub,
  entry: ListFileEntry,
  part: string,
  onBytes: (done: number) => void,
): Promise<void> {
  let done = (await sizeOf(part)) ?? 0;
  if (done > entry.size) {
    await rm(part);
    done = 0;
  }
  if (done === entry.size) return;
  const stall = new AbortController();
  const watchdog = setTimeout(() => stall.abort(new Error('no data for too long')), STALL_MS);
  const file = await open(part, 'a');
  try {
    for await (const chunk of await hub.stream(entry.path, done, stall.signal)) {
      watchdog.refresh();
      done += chunk.length;
      if (done > entry.size) throw new BitorchError('SOURCE_CORRUPT', `${entry.path} is longer than listed`);
      await file.writeFile(chunk);
      onBytes(done);
    }
  } catch (error) {
    if (error instanceof BitorchError) throw error;
    throw new BitorchError('SOURCE_UNREACHABLE', `${entry.path}: ${messageOf(error)}`, {}, error);
  } finally {
    clearTimeout(watchdog);
    await file.close();
  }
  if (done < entry.size)
    throw new BitorchError('SOURCE_UNREACHABLE', `${entry.path}: connection ended early`);
}

/** Verifies a file. LFS files are listed with their SHA-256, others with git's SHA-1 of a header and the content. */
async function isAsListed(path: string, { size, oid, lfs }: ListFileEntry): Promise<boolean> {
  if ((await sizeOf(path)) !== size) return false;
  const hash = lfs ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex') === (lfs?.oid ?? oid);
}

const sizeOf = (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ size }) => size,
    () => undefined,
  );

/** Whether the Hub answers within `timeoutMs`. */
export async function isHubReachable(
  repo: string,
  options: SourceOptions,
  timeoutMs: number,
): Promise<boolean> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  try {
    const response = await fetch(`${options.hubUrl ?? 'https://huggingface.co'}/api/models/${repo}`, {
      signal,
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    options.signal?.throwIfAborted();
    return false;
  }
}
