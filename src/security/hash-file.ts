import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { RandomAccess } from '#formats';

const CHUNK = 1 << 21;

/** SHA-256 of a source; the next chunk is read while one is hashed. `onBytes` hears how many were hashed. */
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
    // A reading that fails is thrown where it is awaited, not before.
    next?.catch(() => undefined);
    // Whatever a source does before it asks the system comes before the hash, which lets nothing else have its turn.
    if (next) await setImmediate();
    hash.update(chunk);
    onBytes(chunk.length);
  }
  return new Uint8Array(hash.digest());
}
