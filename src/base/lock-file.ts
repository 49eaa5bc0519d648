import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { BitorchError } from './errors.ts';

/** SQLite's result codes (sqlite.org/rescode.html), without what extends them. */
const BUSY = 5;
const NOT_A_DATABASE = 26;
/** SQLite locks in steps: of two that begin at once, both may have to step back. */
const ATTEMPTS = 4;
const PAUSE_MS = 8;

const resultCode = (error: unknown): number => ((error as { errcode?: number }).errcode ?? 0) & 0xff;

/**
 * Takes an exclusive lock that the kernel holds for this process: it ends with the process, however that ends, and no stale
 * file or reused process id can be mistaken for an owner. SQLite does it, as Node has no call for it: an open exclusive
 * transaction on an empty database is an fcntl lock (LockFileEx on Windows). The file is empty and stays; deleting it
 * would let two processes lock two files of one name.
 *
 * Returns what gives the lock back, or undefined while another process (or another part of this one) has it. Throws
 * LOCK_INVALID when something else is in the file.
 */
export async function tryLockFile(path: string): Promise<(() => void) | undefined> {
  await mkdir(dirname(path), { recursive: true });
  for (let left = ATTEMPTS; left > 0; left--) {
    const unlock = lockNow(path);
    if (unlock) return unlock;
    await sleep(1 + Math.random() * PAUSE_MS);
  }
  return undefined;
}

function lockNow(path: string): (() => void) | undefined {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (resultCode(error) === BUSY) return undefined;
    if (resultCode(error) !== NOT_A_DATABASE) throw error;
    throw new BitorchError('LOCK_INVALID', `${path} is not a lock file: delete it`, { path }, error);
  }
  return () => {
    if (database.isOpen) database.close();
  };
}
