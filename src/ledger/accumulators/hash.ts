import { hash } from 'node:crypto';

export const HASH_BYTES = 32;

/** Stands for an empty tree. */
export const EMPTY_HASH: Uint8Array = new Uint8Array(HASH_BYTES);

/** What is hashed most: two hashes side by side. */
const branch = new Uint8Array(1 + 2 * HASH_BYTES);

/** sha256(kind ‖ parts): leaves, branches and roots of the trees each begin with a byte of their own. */
export function treeHash(kind: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 1);
  const bytes = length === branch.length ? branch : new Uint8Array(length);
  bytes[0] = kind;
  let at = 1;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  const digest = hash('sha256', bytes, 'buffer');
  return new Uint8Array(digest.buffer, digest.byteOffset, digest.length);
}
