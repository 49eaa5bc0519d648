import { constants } from 'node:fs';
import { access, lstat, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
import { BitorchError, codeOf } from '#base';
import { FilePool, type ModelFile, type RandomAccess } from '#formats';
import { isExcluded } from './exclusion.ts';
import { isHubNote, isPartOfDownload, isSnapshotLink, linkedBlobs } from './hub-cache.ts';

/** The files of a scan, opened when they are read; close() lets go of them. */
export interface OpenFiles {
  readonly files: ModelFile[];
  /** Paths that were passed over, with the reason. */
  readonly passedOver: string[];
  /** What could be anything, because it cannot be read: such a scan says of nothing that it is clean. */
  readonly unread: string[];
  close(): Promise<void>;
}

export interface OpenFilesOptions {
  /** Patterns of paths that are left out. */
  readonly exclude?: readonly string[];
}

/** As many as a report can be about. */
const MAX_FILES = 100_000;

/**
 * A file, or all files below a folder. Links are followed, to each folder once, but none to a folder that holds the target:
 * that would be a scan of something else. Throws SCAN_FAILED when there is no such target.
 */
export async function openFiles(place: string, options: OpenFilesOptions = {}): Promise<OpenFiles> {
  const entry = await stat(place).catch(() => undefined);
  if (!entry && (await isMissing(place))) throw cannotRead(place, { code: 'ENOENT' });
  const search = new Search(options.exclude ?? []);
  if (entry?.isDirectory()) await search.folder(place, '');
  else await search.file(place, basename(resolve(place)));
  return search.found(place);
}

class Search {
  readonly #pool = new FilePool();
  readonly #exclude: readonly string[];
  readonly #files: ModelFile[] = [];
  readonly #passedOver: string[] = [];
  readonly #unread: string[] = [];
  /** Folders by their real paths, the target first. */
  readonly #folders = new Set<string>();
  /** Full path → name. */
  readonly #places = new Map<string, string>();

  constructor(exclude: readonly string[]) {
    this.#exclude = exclude;
  }

  async found(place: string): Promise<OpenFiles> {
    const linked = await linkedBlobs([...this.#places.keys()]);
    const blobs = new Set([...linked].map((path) => this.#places.get(path)!));
    for (const name of blobs) this.#passedOver.push(`${name}: read under the name of a link to it`);
    const files = this.#files.filter(({ path }) => !blobs.has(path));
    const unread = this.#unread;
    if (files.length === 0 && unread.length === 0) unread.push(`${place}: there is no file in it to read`);
    return { files, passedOver: this.#passedOver, unread, close: () => this.#pool.close() };
  }

  async file(path: string, name: string): Promise<void> {
    const entry = await stat(path).catch(() => undefined);
    if (!entry) this.#unread.push(`${name}: ${(await isLink(path)) ? 'a link to nothing' : 'it is gone'}`);
    else if (!entry.isFile()) this.#unread.push(`${name}: neither a file nor a folder`);
    else if (await isReadable(path)) await this.#regular(path, name, entry.size);
    else this.#unread.push(`${name}: this user may not read it`);
  }

  async #regular(path: string, name: string, size: number): Promise<void> {
    const full = resolve(path);
    if (await isHubNote(full, size)) this.#passedOver.push(`${name}: a note of the cache of the Hub`);
    else if (isPartOfDownload(full)) this.#unread.push(`${name}: a download that has not come to its end`);
    else if (this.#files.length === MAX_FILES) {
      const said = `there are more than ${MAX_FILES} files`;
      if (this.#unread.at(-1) !== said) this.#unread.push(said);
    } else {
      const target = (await isLink(path)) ? await realpath(path) : undefined;
      const linked = target !== undefined && !isSnapshotLink(full, target);
      const source = readable(path, this.#pool.source(path, size));
      this.#files.push({ path: name, source, ...(linked && { linked }) });
      this.#places.set(full, name);
    }
  }

  async folder(folder: string, prefix: string): Promise<void> {
    const real = await realpath(folder);
    const [target = real] = this.#folders;
    if (this.#folders.has(real)) {
      this.#passedOver.push(`${prefix}: a link to a folder that is read already`);
      return;
    }
    if (target.startsWith(real.endsWith(sep) ? real : `${real}${sep}`)) {
      this.#unread.push(`${prefix}: a link to a folder that the target lies in`);
      return;
    }
    this.#folders.add(real);
    const entries = await readdir(folder, { withFileTypes: true }).catch((error) => {
      this.#unread.push(`${prefix || folder}: it cannot be read (${codeOf(error)})`);
      return [];
    });
    // What two links lead to is read under the first name: the same one on each machine.
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      const name = `${prefix}${entry.name}`;
      const isFolder = entry.isDirectory() || (entry.isSymbolicLink() && (await leadsToFolder(path)));
      if (isExcluded(name, this.#exclude)) this.#passedOver.push(`${name}: excluded`);
      else if (entry.isDirectory() && entry.name === '.git')
        this.#passedOver.push(`${name}: the version control's own files`);
      else if (isFolder) await this.folder(path, `${name}/`);
      else await this.file(path, name);
    }
  }
}

const leadsToFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );

const isLink = (path: string): Promise<boolean> =>
  lstat(path).then(
    (entry) => entry.isSymbolicLink(),
    () => false,
  );

const isReadable = (path: string): Promise<boolean> =>
  access(path, constants.R_OK).then(
    () => true,
    () => false,
  );

const isMissing = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => false,
    () => true,
  );

/** Reading throws SCAN_FAILED for what the file system refuses. */
function readable(path: string, source: RandomAccess): RandomAccess {
  const told = (error: unknown) => {
    throw error instanceof BitorchError ? error : cannotRead(path, error);
  };
  return {
    size: source.size,
    read: (offset, length) => source.read(offset, length).catch(told),
    readInto: (target, offset) => source.readInto!(target, offset).catch(told),
  };
}

const cannotRead = (path: string, error: unknown): BitorchError =>
  new BitorchError('SCAN_FAILED', `${path} cannot be read (${codeOf(error)})`, { path }, error);
