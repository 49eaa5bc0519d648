/**
 * A stranger's text, fit for a log, a terminal or a page: control, format and separator characters that could move a cursor
 * or turn a line around become spaces; at most `max` UTF-16 units are kept.
 */
export const plainText = (text: string, max: number): string =>
  text.slice(0, max).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, ' ');
