import { invalid } from './errors.ts';

// ignoreBOM keeps a leading U+FEFF, which #base's decoder drops: it is a token of many vocabularies.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes UTF-8 and keeps a leading U+FEFF. Throws FORMAT_INVALID when the bytes are not UTF-8. */
export function decodeText(bytes: Uint8Array, what: string): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw invalid(`${what} is not UTF-8`);
  }
}
