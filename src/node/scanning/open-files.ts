import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BitorchError, codeOf } from '#base';
import { FilePool, type ModelFile, type RandomAccess } from '#formats';

/** The files of a scan, opened when they are read; close() lets go of them. */
export interface OpenFiles {
  readonly files: ModelFile[];
  /** Paths that were passed over, with the reason. */
  readonly passedOver: string[];
  close(): Promise<void>;
}

/**
 * A file, or all files below a folder. Links to files are followed (caches of models are made of them), links to folders
 * and what is neither are told in `passedOver`. Throws SCAN_FAILED when something cannot be read.
 */
export async function openFiles(place: string): Promise<OpenFiles> {
  const pool = new FilePool();
  const found: ModelFile[] = [];
  const passedOver: string[] = [];
  const add = async (path: string, name: string): Promise<void> => {
    const entry = await stat(path).catch((error) => {
      throw cannotRead(path, error);
    });
    if (entry.isFile()) found.push({ path: name, source: readable(path, pool.source(path, entry.size)) });
    else passedOver.push(`${name}: neither a file nor a folder`);
  };
  const walk = async (folder: string, prefix: string): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true }).catch((error) => {
      throw cannotRead(folder, error);
    });
    for (const entry of entries) {
      const path = join(folder, entry.name);
      const name = `${prefix}${entry.name}`;
      if (entry.isDirectory() && entry.name === '.git')
        passedOver.push(`${name}: the version control's own files`);
      else if (entry.isDirectory()) await walk(path, `${name}/`);
      else if (entry.isSymbolicLink() && (await isFolder(path)))
        passedOver.push(`${name}: a link to a folder`);
      else await add(path, name);
    }
  };
  if (await isFolder(place)) await walk(place, '');
  else await add(place, basename(place));
  return { files: found, passedOver, close: () => pool.close() };
}

const isFolder = async (path: string): Promise<boolean> =>
  stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
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
