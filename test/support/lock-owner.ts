/** A process that takes and gives back locks when it is told to. */
import { tryLockFile } from '#base';

const locks = new Map<string, () => void>();
process.on('message', async ({ what, path }: { what: 'take' | 'release'; path: string }) => {
  if (what === 'take') {
    const unlock = await tryLockFile(path);
    if (unlock) locks.set(path, unlock);
  } else {
    locks.get(path)?.();
    locks.delete(path);
  }
  process.send!({ path, has: locks.has(path) });
});
process.send!({ path: '', has: false });
