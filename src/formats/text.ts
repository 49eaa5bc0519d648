import { invalid } from './errors.ts';

// ignoreBOM keeps U+FEFF: it is a token of many vocabularies, and #base's decoder drops it at the start.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Strict UTF-8, a leading U+FEFF kept. Throws FORMAT_INVALID. */
export function decodeText(bytes: Uint8Array, what: string): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw invalid(`${what} is not UTF-8`);
  }
}
