import { BitorchError } from '#base';

const DECIMALS = 9;
const SPARKS = 10n ** BigInt(DECIMALS);

/** Parses an amount in TORCH, such as `12` or `0.5`, to sparks. Throws AMOUNT_INVALID when it is not an amount. */
export function parseAmount(text: string): bigint {
  const [, whole, fraction = ''] = /^(\d{1,11})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (whole === undefined) {
    throw new BitorchError(
      'AMOUNT_INVALID',
      `"${text}" is not an amount: write TORCH as 12 or 0.5, with at most ${DECIMALS} decimal places`,
    );
  }
  return BigInt(whole) * SPARKS + BigInt(fraction.padEnd(DECIMALS, '0'));
}

/** Formats sparks as TORCH without rounding: `1,234.5 TORCH`. */
export function formatAmount(sparks: bigint): string {
  const [sign, size] = sparks < 0n ? ['-', -sparks] : ['', sparks];
  const fraction = `${size % SPARKS}`.padStart(DECIMALS, '0').replace(/0+$/, '');
  const whole = (size / SPARKS).toLocaleString('en');
  return `${sign}${whole}${fraction && `.${fraction}`} TORCH`;
}
