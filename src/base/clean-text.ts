/**
 * Control characters (C0, C1, DEL), line and paragraph separators, bidirectional controls (Unicode TR 36 §2.5), invisible
 * joiners, and lone surrogates.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu;
/** Longer strings in a log or a view are truncated, in UTF-16 units. */
const MAX_FIELD = 4096;
/** Stacked combining marks would cover the lines above and below. */
const PILED = /(\p{M}{3})\p{M}+/gu;

/**
 * Sanitises untrusted text for a terminal, a log or a page: one line of at most `length` UTF-16 units, trimmed, with unsafe
 * characters replaced by spaces or removed. May return ''. Idempotent.
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

/** Sanitises text for a terminal that may contain text from peers; keeps line breaks and the spaces that align columns. */
export const cleanLines = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.replace(UNSAFE, ' ').replace(PILED, '$1').trimEnd())
    .join('\n');

/** Sanitises a piece of a text that is printed as it arrives; keeps line breaks, tabs and spaces. */
export const cleanPiece = (text: string): string =>
  text.replace(UNSAFE, (unsafe) => unsafe.replaceAll(/[^\n\t]/gu, '')).replace(PILED, '$1');

/** A copy of a plain object with every string in it sanitised, at any depth. */
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
