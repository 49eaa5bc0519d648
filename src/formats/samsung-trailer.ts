/** The trailer that Samsung phones append to photographs (ExifTool documentation, "Samsung Trailer Tags"). */

const ENTRY = 12;

/**
 * Whether bytes are a sequence of blocks, their directory "SEFH", its length and "SEFT". The blocks must be contiguous, so that
 * every byte is accounted for.
 */
export function isSamsungTrailer(bytes: Uint8Array): boolean {
  if (bytes.length < 20 || tag(bytes, bytes.length - 4) !== 'SEFT') return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(bytes.length - 8, true);
  const directory = bytes.length - 8 - length;
  if (directory < 0 || length < ENTRY || tag(bytes, directory) !== 'SEFH') return false;
  if (length !== ENTRY * (1 + view.getUint32(directory + 8, true))) return false;
  const blocks = Array.from({ length: length / ENTRY - 1 }, (_, n) => {
    const at = directory + ENTRY * (1 + n);
    return { back: view.getUint32(at + 4, true), length: view.getUint32(at + 8, true) };
  });
  let end = directory;
  for (const block of blocks.sort((a, b) => b.back - a.back)) {
    if (block.back !== end || block.length > end) return false;
    end -= block.length;
  }
  return end === 0;
}

const tag = (bytes: Uint8Array, at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));
