import { readFile } from 'node:fs/promises';
import { BitorchError, codeOf } from '#base';
import { MAX_GENESIS_BYTES } from './application/genesis-text.ts';

/** The bytes of a genesis file. Throws GENESIS_MISSING, GENESIS_INVALID. */
export async function readGenesis(path: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(await readFile(path));
  } catch (error) {
    throw new BitorchError('GENESIS_MISSING', `the genesis file ${path} cannot be read (${codeOf(error)})`);
  }
  if (bytes.length > MAX_GENESIS_BYTES)
    throw new BitorchError('GENESIS_INVALID', `${path} is not a genesis file: it is too long`);
  return bytes;
}
