/**
 * Control characters (C0, C1, DEL), line and paragraph separators, characters that turn the direction of writing (Unicode
 * TR 36 §2.5), invisible ones that join or hide, and halves of surrogate pairs.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu;
/** Longer texts in a log or a view are cut. */
const MAX_FIELD = 4096;
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

/** Text that goes to a terminal and may hold words of strangers: its lines and the spaces that align it stay. */
export const cleanLines = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.replace(UNSAFE, ' ').replace(PILED, '$1').trimEnd())
    .join('\n');

/** The same plain object with every text in it cleaned, however deep. */
export function cleanFields<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, cleanValue(value)])) as T;
}

function cleanValue(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value, MAX_FIELD);
  if (Array.isArray(value)) return value.map(cleanValue);
  const isPlain =
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return isPlain ? cleanFields(value as object) : value;
}
