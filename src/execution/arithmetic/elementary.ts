/**
 * Elementary functions on IEEE 754 doubles, using +, −, × and ÷ only. The last bit of Math.sin, Math.exp and Math.log is
 * implementation-defined, but the network needs identical bits. The order of operations is normative
 * (docs/protocol/arithmetic.md, "Elementary functions").
 */
const LN2_HIGH = 0.6931471803691238; // 33 bits of ln 2
const LN2_LOW = 1.9082149292705877e-10;
const HALF_PI_1 = 1.5707963267341256; // π/2 in three parts, the first two of 33 bits
const HALF_PI_2 = 6.077100506303966e-11;
const HALF_PI_3 = 2.0222662487959506e-21;
const TWO_OVER_PI = 0.6366197723675814;

/** Natural logarithm of x > 0: writes x = m · 2^e with √½ ≤ m < √2, then sums the series of artanh((m − 1) / (m + 1)). */
export function logarithm(x: number): number {
  let exponent = 0;
  let m = x;
  for (; m >= Math.SQRT2; m /= 2) exponent++;
  for (; m < Math.SQRT1_2; m *= 2) exponent--;
  const s = (m - 1) / (m + 1);
  const square = s * s;
  let sum = 0;
  for (let k = 39; k >= 1; k -= 2) sum = sum * square + 1 / k;
  return exponent * LN2_HIGH + (2 * s * sum + exponent * LN2_LOW);
}

/** e^x for |x| < 700: reduction by ln 2, Taylor polynomial of degree 16, scaling by powers of two. */
export function exponential(x: number): number {
  const n = Math.floor(x / LN2_HIGH + 0.5);
  const r = x - n * LN2_HIGH - n * LN2_LOW;
  let sum = 1;
  for (let k = 16; k >= 1; k--) sum = 1 + (sum * r) / k;
  for (let i = 0; i < n; i++) sum *= 2;
  for (let i = 0; i > n; i--) sum /= 2;
  return sum;
}

/**
 * Writes cos x and sin x to out[0] and out[1], for 0 ≤ x < 2^20: reduction by π/2 in three parts, Taylor polynomials of degree
 * 17 and 18. Writing to a buffer avoids garbage: a decode step computes hundreds of pairs.
 */
export function cosineAndSine(x: number, out: Float64Array): void {
  const n = Math.floor(x * TWO_OVER_PI + 0.5);
  const r = x - n * HALF_PI_1 - n * HALF_PI_2 - n * HALF_PI_3;
  const square = r * r;
  let sine = 1;
  for (let k = 16; k >= 2; k -= 2) sine = 1 - (sine * square) / (k * (k + 1));
  sine *= r;
  let cosine = 1;
  for (let k = 17; k >= 1; k -= 2) cosine = 1 - (cosine * square) / (k * (k + 1));
  const quarter = n % 4;
  const c = quarter % 2 === 0 ? cosine : sine;
  const s = quarter % 2 === 0 ? sine : cosine;
  out[0] = quarter === 1 || quarter === 2 ? -c : c;
  out[1] = quarter === 2 || quarter === 3 ? -s : s;
}
