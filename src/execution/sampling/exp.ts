const LN2_HIGH = 0.6931471803691238; // 33 bits of ln 2: its products with |k| < 2^20 are exact
const LN2_LOW = 1.9082149292705877e-10;
const LOWEST = -700;
const TERMS = 14;

/** Coefficients 1/0! … 1/13! of the Taylor series of e^r, enough for |r| ≤ ln 2 / 2. */
const COEFFICIENTS = new Float64Array(TERMS).fill(1);
for (let n = 1; n < TERMS; n++) COEFFICIENTS[n] = COEFFICIENTS[n - 1]! / n;

/** 2^0, 2^−1, … down to the magnitude of e^−700. */
const POWERS = new Float64Array(1 + Math.ceil(-LOWEST * Math.LOG2E)).fill(1);
for (let k = 1; k < POWERS.length; k++) POWERS[k] = POWERS[k - 1]! / 2;

/**
 * e^x for x ≤ 0, with IEEE additions, multiplications and roundings only, so that every machine gets the same bits (Math.exp
 * may differ in the last bit). Returns 0 below −700; elsewhere the relative error is under 2^−51.
 */
export function expOfNegative(x: number): number {
  if (x < LOWEST) return 0;
  const k = Math.round(x * Math.LOG2E);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let sum = 0;
  for (let n = TERMS - 1; n >= 0; n--) sum = sum * r + COEFFICIENTS[n]!;
  return sum * POWERS[-k]!;
}
