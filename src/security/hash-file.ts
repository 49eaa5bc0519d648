import { createHash } from 'node:crypto';
import type { RandomAccess } from '#formats';

const CHUNK = 1 << 22;

/** SHA-256 of a source; the next chunk is read while one is hashed. `onBytes` hears how many were hashed. */
export async function hashSource(
  source: RandomAccess,
  onBytes: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const hash = createHash('sha256');
  const read = (offset: number) => source.read(offset, Math.min(CHUNK, source.size - offset));
  let next = source.size > 0 ? read(0) : undefined;
  for (let offset = 0; next; ) {
    const chunk = await next;
    signal?.throwIfAborted();
    offset += chunk.length;
    next = offset < source.size ? read(offset) : undefined;
    hash.update(chunk);
    onBytes(chunk.length);
  }
  return new Uint8Array(hash.digest());
}
