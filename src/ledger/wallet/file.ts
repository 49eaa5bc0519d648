import { readFile } from 'node:fs/promises';
import { BitorchError, codeOf, messageOf, writeFileAtomic } from '#base';
import { openWithPassword, type PasswordCost, sealWithPassword } from '#crypto';
import { decode, encode } from '../codec/index.ts';
import { type Contents, contentsCodec } from './contents.ts';

/** Limit on the decrypted contents, far above what a wallet needs. */
const MAX_FILE_BYTES = 2 ** 30;

/** Replaces the file atomically: a crash leaves the old or the new one. Only its owner can read it. */
export async function saveWallet(
  path: string,
  contents: Contents,
  password: string,
  cost?: PasswordCost,
): Promise<void> {
  await writeFileAtomic(path, await sealWithPassword(password, encode(contentsCodec, contents), cost), 0o600);
}

/** Reads a wallet file. Throws WALLET_MISSING, WALLET_INVALID or PASSWORD_WRONG when it cannot be opened. */
export async function loadWallet(path: string, password: string): Promise<Contents> {
  let sealed: Uint8Array;
  try {
    sealed = await readFile(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    throw new BitorchError('WALLET_MISSING', `there is no wallet at ${path}: create or restore one`, {
      path,
    });
  }
  const plain = await openWithPassword(password, sealed);
  try {
    return decode(contentsCodec, plain, MAX_FILE_BYTES);
  } catch (error) {
    throw new BitorchError('WALLET_INVALID', `${path} is not a wallet of this version: ${messageOf(error)}`);
  }
}
