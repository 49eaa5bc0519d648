import { readFile } from 'node:fs/promises';
import { BitorchError } from './errors.ts';

/** By its byte order mark, in hexadecimal. */
const UTF16: Readonly<Record<string, string>> = { fffe: 'utf-16le', feff: 'utf-16be' };

/**
 * What a file says that a person made, with whatever editor: UTF-8, or UTF-16 with a byte order mark as Windows writes it. The
 * mark is no part of the text. Throws TEXT_INVALID for other bytes.
 */
export function textOf(bytes: Uint8Array): string {
  const encoding = UTF16[Buffer.from(bytes.subarray(0, 2)).toString('hex')] ?? 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new BitorchError('TEXT_INVALID', 'the text is neither UTF-8 nor UTF-16: save it as UTF-8');
  }
}

/** The text of a file that a person made. Throws TEXT_INVALID, and what reading throws. */
export async function readTextFile(path: string): Promise<string> {
  try {
    return textOf(await readFile(path));
  } catch (error) {
    if (!(error instanceof BitorchError)) throw error;
    throw BitorchError.relayed(error.code, `${path}: ${error.message}`, { path });
  }
}
