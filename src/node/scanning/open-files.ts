import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { BitorchError, codeOf } from '#base';
import { FilePool, type ModelFile, type RandomAccess } from '#formats';
import { isHubNote, linkedBlobs } from './hub-cache.ts';

/** The files of a scan, opened when they are read; close() lets go of them. */
export interface OpenFiles {
  readonly files: ModelFile[];
  /** Paths that were passed over, with the reason. */
  readonly passedOver: string[];
  /** What could be anything, because it cannot be read: such a scan says of nothing that it is clean. */
  readonly unread: string[];
  close(): Promise<void>;
}

/**
 * A file, or all files below a folder. Links are followed, to each folder once. Throws SCAN_FAILED when a file or a folder
 * cannot be read.
 */
export async function openFiles(place: string): Promise<OpenFiles> {
  const pool = new FilePool();
  const found: ModelFile[] = [];
  const passedOver: string[] = [];
  const unread: string[] = [];
  const folders = new Set<string>();
  /** Full path → name. */
  const places = new Map<string, string>();
  const add = async (path: string, name: string): Promise<void> => {
    const entry = await stat(path).catch((error) => {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ELOOP') return undefined;
      throw cannotRead(path, error);
    });
    if (entry?.isFile() && (await isHubNote(resolve(path), entry.size)))
      passedOver.push(`${name}: a note of the cache of the Hub`);
    else if (entry?.isFile()) {
      found.push({ path: name, source: readable(path, pool.source(path, entry.size)) });
      places.set(resolve(path), name);
    } else unread.push(`${name}: ${entry ? 'neither a file nor a folder' : 'a link to nothing'}`);
  };
  const walk = async (folder: string, prefix: string): Promise<void> => {
    const real = await realpath(folder).catch((error) => {
      throw cannotRead(folder, error);
    });
    if (folders.has(real)) {
      passedOver.push(`${prefix}: a link to a folder that is read already`);
      return;
    }
    folders.add(real);
    const entries = await readdir(folder, { withFileTypes: true }).catch((error) => {
      throw cannotRead(folder, error);
    });
    for (const entry of entries) {
      const path = join(folder, entry.name);
      const name = `${prefix}${entry.name}`;
      if (entry.isDirectory() && entry.name === '.git')
        passedOver.push(`${name}: the version control's own files`);
      else if (entry.isDirectory() || (entry.isSymbolicLink() && (await isFolder(path))))
        await walk(path, `${name}/`);
      else await add(path, name);
    }
  };
  if (await isFolder(place)) await walk(place, '');
  else if (await isMissing(place)) throw cannotRead(place, { code: 'ENOENT' });
  else await add(place, basename(place));
  const blobs = new Set([...(await linkedBlobs([...places.keys()]))].map((path) => places.get(path)!));
  for (const name of blobs) passedOver.push(`${name}: read under the name of a link to it`);
  if (found.length === 0 && unread.length === 0) unread.push(`${place}: there is no file in it`);
  const files = found.filter(({ path }) => !blobs.has(path));
  return { files, passedOver, unread, close: () => pool.close() };
}

const isFolder = async (path: string): Promise<boolean> =>
  stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );

const isMissing = async (path: string): Promise<boolean> =>
  lstat(path).then(
    () => false,
    (error) => codeOf(error) === 'ENOENT',
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
