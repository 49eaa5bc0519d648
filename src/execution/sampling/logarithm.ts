/** Terms of the series of atanh: |s| ≤ 0.172, so that the next one is under 2^−62 of the sum. */
const TERMS = 12;

/**
 * The natural logarithm of a finite x ≥ 1, with IEEE additions, multiplications and divisions only, so that every machine
 * gets the same bits (Math.log may differ in the last one). The error is under 2^−50 of the larger of 1 and the value.
 */
export function logOf(x: number): number {
  let exponent = 0;
  let m = x;
  while (m > Math.SQRT2) {
    m /= 2;
    exponent++;
  }
  // ln m = 2 atanh((m − 1) / (m + 1))
  const s = (m - 1) / (m + 1);
  const square = s * s;
  let sum = 0;
  for (let n = TERMS - 1; n >= 0; n--) sum = sum * square + 1 / (2 * n + 1);
  return exponent * Math.LN2 + 2 * s * sum;
}
