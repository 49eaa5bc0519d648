import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { BitorchError } from './errors.ts';
import { pause } from './pause.ts';

/** SQLite's primary result codes (sqlite.org/rescode.html). */
const BUSY = 5;
const FULL = 13;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;
/** SQLite takes a lock in several steps: of two processes that begin at once, both may have to retry. */
const ATTEMPTS = 4;
const PAUSE_MS = 8;

const resultCode = (error: unknown): number => ((error as { errcode?: number }).errcode ?? 0) & 0xff;

/**
 * Takes an exclusive lock that the kernel holds for this process. It is released when the process ends, however that
 * happens, so neither a stale file nor a reused process id can block it. Node has no call for file locks, so SQLite takes
 * it: an open exclusive transaction on an empty database is an fcntl lock (LockFileEx on Windows). The file is empty and is
 * never deleted, since deleting it would let two processes lock two files of one name.
 *
 * Returns the function that releases the lock, or undefined while another process (or another owner in this process) holds
 * it. Throws LOCK_INVALID when the file has other content or cannot be opened, and DISK_FULL.
 */
export async function tryLockFile(path: string): Promise<(() => void) | undefined> {
  await mkdir(dirname(path), { recursive: true });
  for (let left = ATTEMPTS; left > 0; left--) {
    const unlock = lockNow(path);
    if (unlock) return unlock;
    await pause(1 + Math.random() * PAUSE_MS);
  }
  return undefined;
}

function openDatabase(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { timeout: 0 });
  } catch (error) {
    throw failure(path, error);
  }
}

/** Maps an error of SQLite to one that the user can act on. */
function failure(path: string, error: unknown): unknown {
  const code = resultCode(error);
  if (code === FULL)
    return new BitorchError(
      'DISK_FULL',
      `there is no space for ${path}: make some, then try again`,
      { path },
      error,
    );
  if (code === CANNOT_OPEN)
    return new BitorchError(
      'LOCK_INVALID',
      `${path} cannot be opened: is its folder yours to write to?`,
      { path },
      error,
    );
  if (code !== NOT_A_DATABASE) return error;
  return new BitorchError('LOCK_INVALID', `${path} is not a lock file: delete it`, { path }, error);
}

function lockNow(path: string): (() => void) | undefined {
  const database = openDatabase(path);
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (resultCode(error) === BUSY) return undefined;
    throw failure(path, error);
  }
  return () => {
    if (database.isOpen) database.close();
  };
}
