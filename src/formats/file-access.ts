import { open } from 'node:fs/promises';
import { BitorchError } from '#base';
import type { RandomAccess } from './tensor.ts';

/** A file on disk to read anywhere; the caller closes it. */
export async function fileAccess(path: string): Promise<RandomAccess & { close(): Promise<void> }> {
  const file = await open(path, 'r');
  const { size } = await file.stat();
  return {
    size,
    close: () => file.close(),
    async read(offset, length) {
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
        if (bytesRead === 0) {
          throw new BitorchError(
            'FILE_CHANGED',
            `${path} ends before byte ${offset + length}: it changed while it was read`,
          );
        }
        done += bytesRead;
      }
      return bytes;
    },
  };
}
