import { BitorchError } from '#base';

/** Parses a flag's value as a whole number. Throws OPTION_INVALID when it is not one from `min` to `max`. */
export function wholeNumber(flag: string, text: string, min = 0, max = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new BitorchError('OPTION_INVALID', `${flag} ${text}: write a whole number from ${min} to ${max}`);
  }
  return value;
}
