import { lstat, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BitorchError, codeOf } from '#base';
import { checkPath } from '../paths.ts';

/**
 * Creates the parent folders of a file below `root` and returns its full path. None of them may be a link, which could lead
 * outside `root`; a link or folder at the file's own path is removed. Throws PATH_UNSAFE.
 */
export async function placeBelow(root: string, path: string): Promise<string> {
  checkPath(path);
  await mkdir(root, { recursive: true });
  const segments = path.split('/');
  const name = segments.pop()!;
  let folder = root;
  for (const segment of segments) {
    folder = join(folder, segment);
    await mkdir(folder).catch(async (error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
      if (!(await lstat(folder)).isDirectory()) {
        throw new BitorchError('PATH_UNSAFE', `${folder} is not a folder: remove it, then try again`);
      }
    });
  }
  const place = join(folder, name);
  const there = await lstat(place).catch(() => undefined);
  if (there && !there.isFile()) await rm(place, { recursive: true });
  return place;
}
