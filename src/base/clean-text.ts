/**
 * Control characters (C0, C1, DEL), line and paragraph separators, characters that turn the direction of writing (Unicode
 * TR 36 §2.5), invisible ones that join or hide, and halves of surrogate pairs.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu;
/** Marks that pile up on one letter cover the lines above and below it. */
const PILED = /(\p{M}{3})\p{M}+/gu;

/**
 * The text of a stranger on one line, fit for a terminal, a log and a page: at most `length` UTF-16 units, no white space at
 * its ends, unsafe characters gone or a space. May be empty. Cleaning twice changes nothing more.
 */
export function cleanText(text: string, length: number): string {
  const safe = text
    .slice(0, 4 * length)
    .replace(UNSAFE, ' ')
    .replace(PILED, '$1')
    .replace(/\s+/gu, ' ')
    .trim();
  return safe.slice(0, length).replace(UNSAFE, '').trim();
}
