import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { BitorchError } from './errors.ts';

/** SQLite's result codes (sqlite.org/rescode.html), without what extends them. */
const BUSY = 5;
const FULL = 13;
const CANNOT_OPEN = 14;
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
 * LOCK_INVALID when something else is in the file or it cannot be opened, DISK_FULL.
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

function openDatabase(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { timeout: 0 });
  } catch (error) {
    throw failure(path, error);
  }
}

/** What SQLite says, by what a person can do about it. */
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
