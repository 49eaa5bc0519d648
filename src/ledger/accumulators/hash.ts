import { hash } from 'node:crypto';
import { concat } from '#base';

export const HASH_BYTES = 32;

/** Stands for an empty tree. */
export const EMPTY_HASH: Uint8Array = new Uint8Array(HASH_BYTES);

/** sha256(kind ‖ parts): leaves, branches and roots of the trees each begin with a byte of their own. */
export function treeHash(kind: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const digest = hash('sha256', concat([Uint8Array.of(kind), ...parts]), 'buffer');
  return new Uint8Array(digest.buffer, digest.byteOffset, digest.length);
}
