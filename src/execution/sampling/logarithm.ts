/** Terms of the artanh series. For |s| ≤ 0.172 the first omitted term is under 2^−62 of the sum. */
const TERMS = 12;

/**
 * Natural logarithm of a finite x ≥ 1, with IEEE additions, multiplications and divisions only, so that every machine gets the
 * same bits (Math.log may differ in the last bit). The error is under 2^−50 · max(1, ln x).
 */
export function logOf(x: number): number {
  let exponent = 0;
  let m = x;
  while (m > Math.SQRT2) {
    m /= 2;
    exponent++;
  }
  // ln m = 2 artanh((m − 1) / (m + 1))
  const s = (m - 1) / (m + 1);
  const square = s * s;
  let sum = 0;
  for (let n = TERMS - 1; n >= 0; n--) sum = sum * square + 1 / (2 * n + 1);
  return exponent * Math.LN2 + 2 * s * sum;
}
