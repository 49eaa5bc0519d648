import { type FileHandle, open } from 'node:fs/promises';
import { BitorchError } from '#base';
import type { RandomAccess } from './tensor.ts';

/** A file on disk to read anywhere; the caller closes it. */
export async function fileAccess(path: string): Promise<RandomAccess & { close(): Promise<void> }> {
  const file = await open(path, 'r');
  const { size } = await file.stat();
  return { ...handleAccess(path, size, async () => file), close: () => file.close() };
}

/** A file whose handle is asked for at each reading. Reading throws FILE_CHANGED when the file has become shorter. */
export function handleAccess(path: string, size: number, handle: () => Promise<FileHandle>): RandomAccess {
  const readInto = async (target: Uint8Array, offset: number): Promise<void> => {
    const file = await handle();
    for (let done = 0; done < target.length; ) {
      const { bytesRead } = await file.read(target, done, target.length - done, offset + done);
      if (bytesRead === 0) {
        throw new BitorchError(
          'FILE_CHANGED',
          `${path} ends before byte ${offset + target.length}: it changed while it was read`,
        );
      }
      done += bytesRead;
    }
  };
  return {
    size,
    readInto,
    async read(offset, length) {
      const bytes = new Uint8Array(length);
      await readInto(bytes, offset);
      return bytes;
    },
  };
}
