import { hash } from 'node:crypto';

export const HASH_BYTES = 32;

/** Hash of an empty tree. */
export const EMPTY_HASH: Uint8Array = new Uint8Array(HASH_BYTES);

/** Reused buffer for the most frequent input: two hashes. */
const branch = new Uint8Array(1 + 2 * HASH_BYTES);

/** sha256(kind ‖ parts). Leaves, branches and roots have distinct kind bytes, for domain separation. */
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
