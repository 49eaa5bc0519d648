import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BitorchError, codeOf } from '#base';

/** Makes this process the only node on a data directory. Returns what gives it back. Throws HOME_IN_USE. */
export const lockHome = (home: string): Promise<() => Promise<void>> =>
  lockFile(
    join(home, 'node.lock'),
    (owner) =>
      new BitorchError(
        'HOME_IN_USE',
        `${home} is in use by process ${owner}: stop it or choose another --home`,
      ),
  );

/**
 * Makes this process the owner of a lock file. A lock whose process is gone, after a kill -9 say, is taken over. Returns
 * what gives the lock back. Throws what `inUse` makes of the owner's process id.
 */
export async function lockFile(
  path: string,
  inUse: (owner: number) => BitorchError,
): Promise<() => Promise<void>> {
  await mkdir(dirname(path), { recursive: true });
  for (;;) {
    try {
      const file = await open(path, 'wx');
      await file.writeFile(String(process.pid)).finally(() => file.close());
      return () => rm(path, { force: true });
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      const owner = Number(await readFile(path, 'utf8').catch(() => '0'));
      if (isAlive(owner)) throw inUse(owner);
      await rm(path, { force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}
