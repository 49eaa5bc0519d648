import { bitsAt, column, lines } from './text.ts';

/**
 * Scalars mod l = 2^252 + δ as 10 limbs of 28 bits, so that 2^252 is a limb boundary and reduction is low − δ·high, three times.
 * No branch and no address depends on a value.
 */
const LIMBS = 10;
const RADIX = 28;
const MASK = 2 ** RADIX - 1;
const WIDE = 19;
/** Limbs below 2^252. */
const LOW = 9;
const DELTA_LIMBS = 5;
const DELTA = 27742317777372353535851937790883648493n;

const deltaLimb = (i: number) => (DELTA >> BigInt(RADIX * i)) & BigInt(MASK);

const loadWords = (from: string, name: string, count: number) =>
  lines(count, (w) => `const ${name}${w} = load<i64>(${from}, ${8 * w});`);
const split = (name: string, limb: string, limbs: number, words: number) =>
  lines(limbs, (i) => `const ${limb}${i} = ${bitsAt(name, RADIX * i, widthOf(i, words), words)};`);
const widthOf = (i: number, words: number) => Math.min(RADIX, 64 * words - RADIX * i);

/** Floor carries over limbs r0 … r`top`; the last one keeps the sign. */
const carries = (top: number) => lines(top, (i) => `r${i + 1} += r${i} >> ${RADIX}; r${i} &= ${MASK};`);

/** r ← low limbs − δ·(limbs 9 … `top`); clears limbs 9 … `top` for the carries. */
function foldHigh(top: number): string {
  const count = top - LOW + 1;
  const take = lines(count, (i) => `const h${top}_${i} = r${LOW + i}; r${LOW + i} = 0;`);
  return `${take}\n  ${lines(count, (i) => subtractDelta(`h${top}_${i}`, i))}`;
}

/** r −= h·δ·2^(28·at). */
const subtractDelta = (h: string, at: number) =>
  Array.from({ length: DELTA_LIMBS }, (_, j) => `r${at + j} -= ${h} * ${deltaLimb(j)};`).join(' ');

/** r += l where `mask` is all ones. */
const addOrder = (mask: string) =>
  `${lines(DELTA_LIMBS, (j) => `r${j} += ${mask} & ${deltaLimb(j)};`)} r${LOW} += ${mask} & 1;`;

const STORE = `
  store<i64>(out, r0 | (r1 << 28) | (r2 << 56));
  store<i64>(out, (r2 >>> 8) | (r3 << 20) | (r4 << 48), 8);
  store<i64>(out, (r4 >>> 16) | (r5 << 12) | (r6 << 40), 16);
  store<i64>(out, (r6 >>> 24) | (r7 << 4) | (r8 << 32) | (r9 << 60), 24);
`;
const addOrderIfNegative = (n: number) =>
  `const m${n} = r${LOW} >> 63; ${addOrder(`m${n}`)}\n  ${carries(LOW)}`;

/** Reduces columns r0 … r18 of any size to the canonical scalar. */
const REDUCE = `
  ${carries(WIDE - 1)}
  ${foldHigh(WIDE - 1)}
  ${carries(13)}
  ${foldHigh(13)}
  ${carries(LOW)}
  const h = r9 + 1; r9 = -1;
  ${subtractDelta('h', 0)}
  ${carries(LOW)}
  ${addOrderIfNegative(1)}
  ${addOrderIfNegative(2)}
  ${STORE}
`;

const linear = (name: string, sign: '+' | '-', what: string) => `
/** out = ${what} mod l, for canonical a and b. */
export function ${name}(out: usize, a: usize, b: usize): void {
  ${loadWords('a', 'x', 4)}
  ${loadWords('b', 'y', 4)}
  ${split('x', 'a', LIMBS, 4)}
  ${split('y', 'b', LIMBS, 4)}
  ${lines(LIMBS, (i) => `let r${i} = a${i} ${sign} b${i}${sign === '+' ? ` - ${i < DELTA_LIMBS ? deltaLimb(i) : i === LOW ? 1 : 0}` : ''};`)}
  ${carries(LOW)}
  ${addOrderIfNegative(1)}
  ${STORE}
}
`;

/** The scalar arithmetic in AssemblyScript; scalars are 32 bytes in memory. */
export function scalarLimbsSource(): string {
  return `
/** out = a·b mod l, for any 32-byte a and b. */
export function scalarMultiply(out: usize, a: usize, b: usize): void {
  ${loadWords('a', 'x', 4)}
  ${loadWords('b', 'y', 4)}
  ${split('x', 'a', LIMBS, 4)}
  ${split('y', 'b', LIMBS, 4)}
  ${lines(WIDE, (k) => `let r${k} = ${column(k, LIMBS)};`)}
  ${REDUCE}
}

/** out = the 64 little-endian bytes at wide, mod l. */
export function scalarReduce(out: usize, wide: usize): void {
  ${loadWords('wide', 'w', 8)}
  ${lines(WIDE, (i) => `let r${i} = ${bitsAt('w', RADIX * i, widthOf(i, 8), 8)};`)}
  ${REDUCE}
}
${linear('scalarAdd', '+', 'a + b')}
${linear('scalarSubtract', '-', 'a − b')}
`;
}
