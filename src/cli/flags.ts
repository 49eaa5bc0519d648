import { BitorchError } from '#base';

/** A whole number out of a flag's text. Throws OPTION_INVALID. */
export function wholeNumber(flag: string, text: string, min = 0, max = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new BitorchError('OPTION_INVALID', `${flag} ${text}: write a whole number from ${min} to ${max}`);
  }
  return value;
}
