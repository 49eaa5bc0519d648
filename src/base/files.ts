import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BitorchError, codeOf } from './errors.ts';

/** Replaces a file as a whole: after a kill at any moment either the old or the new content is there. Throws DISK_FULL. */
export async function writeFileAtomic(path: string, data: Uint8Array | string, mode = 0o644): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
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
