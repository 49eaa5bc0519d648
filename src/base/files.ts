import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { toHex } from './bytes.ts';
import { BitorchError, codeOf } from './errors.ts';

/**
 * Replaces a file atomically and durably: after a crash at any moment the file has either the old or the new content, and
 * the new one once this resolves. Throws DISK_FULL.
 */
export async function writeFileAtomic(path: string, data: Uint8Array | string, mode = 0o644): Promise<void> {
  const folder = dirname(path);
  const made = await mkdir(folder, { recursive: true });
  const temporary = `${path}.${toHex(randomBytes(6))}.tmp`;
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    for (const at of foldersUpTo(folder, made)) await syncFolder(at);
  } catch (error) {
    await rm(temporary, { force: true });
    if (!['ENOSPC', 'EDQUOT'].includes(codeOf(error))) throw error;
    throw new BitorchError(
      'DISK_FULL',
      `there is no space for ${path}, and what was there before is unchanged: make some, then try again`,
      { path },
      error,
    );
  }
}

/** The folder itself and the ancestors that gained an entry: all from the first created folder on. */
function foldersUpTo(folder: string, made: string | undefined): string[] {
  const all = [folder];
  if (made !== undefined) while (all.at(-1) !== dirname(made)) all.push(dirname(all.at(-1)!));
  return all;
}

/** A new name is durable only once its folder is synced. Windows does this by itself and cannot open folders. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
