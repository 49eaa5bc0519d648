import { readFile } from 'node:fs/promises';
import { toHex } from './bytes.ts';
import { BitorchError } from './errors.ts';

/** Encodings by byte order mark, in hexadecimal. */
const UTF16: Readonly<Record<string, string>> = { fffe: 'utf-16le', feff: 'utf-16be' };

/**
 * Decodes a file that a person wrote: UTF-8, or UTF-16 with a byte order mark as Windows editors write it. The mark is
 * dropped. Throws TEXT_INVALID for other bytes.
 */
export function textOf(bytes: Uint8Array): string {
  const encoding = UTF16[toHex(bytes.subarray(0, 2))] ?? 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new BitorchError('TEXT_INVALID', 'the text is neither UTF-8 nor UTF-16: save it as UTF-8');
  }
}

/** Reads a text file that a person wrote. Throws TEXT_INVALID, or the file system's error. */
export async function readTextFile(path: string): Promise<string> {
  try {
    return textOf(await readFile(path));
  } catch (error) {
    if (!(error instanceof BitorchError)) throw error;
    throw BitorchError.relayed(error.code, `${path}: ${error.message}`, { path });
  }
}
