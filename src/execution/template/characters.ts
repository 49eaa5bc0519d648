/** Character classes of Python's str. */

/** White space of `\s`, `str.isspace` and `str.strip`: the inside of a character class. */
export const BLANK = String.raw`\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000`;
/** Line ends of `str.splitlines`. */
const LINE_END = String.raw`\n\r\v\f\x1c-\x1e\x85\u2028\u2029`;

export const LINE_ENDS = new RegExp(`\\r\\n|[${LINE_END}]`, 'g');
export const AFTER_LINE_ENDS = new RegExp(`(?<=\\r\\n|\\r(?!\\n)|[${LINE_END.replace('\\r', '')}])`);
export const WORDS = new RegExp(`[^${BLANK}]+`, 'g');

const ONE_BLANK = new RegExp(`^[${BLANK}]$`);
const isBlank = (character: string): boolean => ONE_BLANK.test(character);

export const isAscii = (text: string): boolean => !/[^\p{ASCII}]/u.test(text);

/** Strips white space, or the given characters, from one end or both. */
export function strip(text: string, sides: 'left' | 'right' | 'both', chars: string | undefined): string {
  const wanted = chars === undefined ? undefined : new Set(chars);
  const goes = wanted ? (character: string) => wanted.has(character) : isBlank;
  let [start, end] = [0, text.length];
  while (sides !== 'right' && start < end) {
    const character = String.fromCodePoint(text.codePointAt(start)!);
    if (!goes(character)) break;
    start += character.length;
  }
  while (sides !== 'left' && end > start) {
    const pair = end - 2 >= start && /[\ud800-\udbff][\udc00-\udfff]/.test(text.slice(end - 2, end));
    const character = text.slice(end - (pair ? 2 : 1), end);
    if (!goes(character)) break;
    end -= character.length;
  }
  return text.slice(start, end);
}
