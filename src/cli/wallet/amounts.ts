import { BitorchError } from '#base';

const DECIMALS = 9;
const SPARKS = 10n ** BigInt(DECIMALS);

/** Sparks of an amount in TORCH as people write it: `12`, `0.5`. Throws AMOUNT_INVALID. */
export function parseAmount(text: string): bigint {
  const [, whole, fraction = ''] = /^(\d{1,11})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (whole === undefined) {
    throw new BitorchError(
      'AMOUNT_INVALID',
      `"${text}" is no amount: write TORCH as 12 or 0.5, at most ${DECIMALS} places behind the point`,
    );
  }
  return BigInt(whole) * SPARKS + BigInt(fraction.padEnd(DECIMALS, '0'));
}

/** An amount of sparks in TORCH, exactly: `1,234.5 TORCH`. */
export function formatAmount(sparks: bigint): string {
  const [sign, size] = sparks < 0n ? ['-', -sparks] : ['', sparks];
  const fraction = `${size % SPARKS}`.padStart(DECIMALS, '0').replace(/0+$/, '');
  const whole = (size / SPARKS).toLocaleString('en');
  return `${sign}${whole}${fraction && `.${fraction}`} TORCH`;
}
