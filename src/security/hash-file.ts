import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { RandomAccess } from '#formats';

const CHUNK = 1 << 21;

/**
 * SHA-256 of a source. Reads the next chunk while one is hashed. Calls `onBytes` with the size of each hashed chunk.
 * Throws what reading throws.
 */
export async function hashSource(
  source: RandomAccess,
  onBytes: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const hash = createHash('sha256');
  const buffers = [0, 1].map(() => new Uint8Array(Math.min(CHUNK, source.size)));
  const read = async (offset: number, n: number): Promise<Uint8Array> => {
    const length = Math.min(CHUNK, source.size - offset);
    if (!source.readInto) return source.read(offset, length);
    const target = buffers[n % 2]!.subarray(0, length);
    await source.readInto(target, offset);
    return target;
  };
  let next = source.size > 0 ? read(0, 0) : undefined;
  for (let offset = 0, n = 1; next; n++) {
    const chunk: Uint8Array = await next;
    signal?.throwIfAborted();
    offset += chunk.length;
    next = offset < source.size ? read(offset, n) : undefined;
    // A failed read is reported where it is awaited.
    next?.catch(() => undefined);
    // Lets the source start its read before the hash blocks the thread.
    if (next) await setImmediate();
    hash.update(chunk);
    onBytes(chunk.length);
  }
  return new Uint8Array(hash.digest());
}
