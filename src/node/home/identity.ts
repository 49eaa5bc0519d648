import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BitorchError, fromHex, readTextFile, toHex, tryLockFile, writeFileAtomic } from '#base';
import { SEED_BYTES, SigningKey } from '#crypto';

/** Locks a data directory for this process. Returns a function that unlocks it. Throws HOME_IN_USE when a node runs on it. */
export async function lockHome(home: string): Promise<() => void> {
  const unlock = await tryLockFile(join(home, 'home.lock'));
  if (unlock) return unlock;
  throw new BitorchError(
    'HOME_IN_USE',
    `a node is already running on ${home}: stop it with "bitorch stop", or choose another --home`,
  );
}

/** The node's key, created on first start; the peer id derives from it. Readable by its owner only. */
export const loadIdentity = (home: string): Promise<SigningKey> => loadKey(join(home, 'node.key'));

/**
 * The key that signs the validator's votes, created on first start. Running it on two machines at once costs the bond. Throws
 * KEY_MISSING when an earlier key has signed and is gone: with a new one the bond would stay idle unnoticed.
 */
export async function loadValidatorKey(home: string): Promise<SigningKey> {
  const [path, signed] = [join(home, 'validator.key'), join(home, 'chain', 'last-sign')];
  if (existsSync(signed) && !existsSync(path)) {
    throw new BitorchError(
      'KEY_MISSING',
      `${path} is gone, and this node has signed with it: restore it, or move ${signed} away as well to start with a new key`,
      { path },
    );
  }
  return loadKey(path);
}

/** The owner's token of the HTTP API, created on first start. */
export const loadApiToken = (home: string): Promise<string> =>
  secretFile(join(home, 'api.token'), () => randomBytes(24).toString('base64url'));

async function loadKey(path: string): Promise<SigningKey> {
  const seed = await secretFile(path, () => toHex(SigningKey.generate().seed));
  if (!/^[0-9a-f]+$/.test(seed) || seed.length !== 2 * SEED_BYTES) {
    throw new BitorchError(
      'KEY_INVALID',
      `${path} is damaged: restore it from a backup, or delete it to get a new identity`,
    );
  }
  return new SigningKey(fromHex(seed));
}

async function secretFile(path: string, make: () => string): Promise<string> {
  try {
    return (await readTextFile(path)).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const secret = make();
  await writeFileAtomic(path, `${secret}\n`, 0o600);
  return secret;
}
