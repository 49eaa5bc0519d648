import { bitsAt, column, lines, squareColumn } from './text.ts';

/**
 * A field element mod 2^255 − 19 is 9 signed limbs of 29 bits in 48 bytes of memory: i32 each, the last three zero, so
 * that sums are three vector operations. Nine limbs of 29 bits need 81 products; ten of 25.5 would need 100, and the
 * multiplier is what the kernel waits for.
 *
 * Bounds. After `carry` a limb is at most 2^28 + 2^17 in size ("tight"). Products take a with limbs below A and b with
 * limbs below B where 9·A·B < 2^63: sums of two tight elements by sums of four, at most of three by sums of four.
 */
const LIMBS = 9;
const RADIX = 29;
const MASK = 2 ** RADIX - 1;
/** 2^261 mod p. */
const FOLD = 1216;

const load = (name: string) => lines(LIMBS, (i) => `const ${name}${i} = i64.load32_s(${name}, ${4 * i});`);

/** Moves what limb `i` has beyond 29 bits into the next one; from the last one into the first, times 2^261. */
function carryFrom(i: number): string {
  const into = i === LIMBS - 1 ? `r0 += c * ${FOLD};` : `r${i + 1} += c;`;
  return `c = (r${i} + ${2 ** (RADIX - 1)}) >> ${RADIX}; r${i} -= c << ${RADIX}; ${into}`;
}

/** Two chains side by side, as the processor can work on both at once. */
const CARRIES = [0, 4, 1, 5, 2, 6, 3, 7, 4, 8, 0].map(carryFrom).join('\n  ');

const STORE = lines(LIMBS, (i) => `i64.store32(out, r${i}, ${4 * i});`);

/** Columns 9 to 16 weigh 2^261 = 1216 more than columns 0 to 7: their low 29 bits and the rest are folded down. */
function foldColumns(): string {
  const parts = Array.from({ length: LIMBS }, (_, i) => {
    const low = i < LIMBS - 1 ? [`(r${LIMBS + i} & ${MASK})`] : [];
    const high = i > 0 ? [`(r${LIMBS + i - 1} >> ${RADIX})`] : [];
    return `r${i} += (${[...low, ...high].join(' + ')}) * ${FOLD};`;
  });
  return parts.join('\n  ');
}

function product(name: string, operands: string, columnOf: (k: number, limbs: number) => string): string {
  const names = operands.split(' ');
  return `
/** out = ${names.length === 2 ? 'a·b' : 'a²'}. out may be an operand. */
export function ${name}(out: usize, ${names.map((operand) => `${operand}: usize`).join(', ')}): void {
  ${names.map(load).join('\n  ')}
  ${lines(2 * LIMBS - 1, (k) => `let r${k} = ${columnOf(k, LIMBS)};`)}
  ${foldColumns()}
  let c: i64;
  ${CARRIES}
  ${STORE}
}
`;
}

/** Bits of the canonical limbs r, put together as four words. */
function words(): string {
  const word = (w: number) =>
    Array.from({ length: LIMBS }, (_, i) => RADIX * i - 64 * w)
      .map((shift, i) => ({ shift, i }))
      .filter(({ shift }) => shift > -RADIX && shift < 64)
      .map(({ shift, i }) => (shift >= 0 ? `(r${i} << ${shift})` : `(r${i} >>> ${-shift})`))
      .join(' | ');
  return lines(4, (w) => `store<i64>(out, ${word(w)}, ${8 * w});`);
}

const floorCarries = (last: string) =>
  `${lines(LIMBS - 1, (i) => `r${i + 1} += r${i} >> ${RADIX}; r${i} &= ${MASK};`)}\n  ${last}`;

/** AssemblyScript of the limb arithmetic. */
export function fieldLimbsSource(): string {
  return `
${product('multiply', 'a b', column)}
${product('square', 'a', squareColumn)}
/** Makes the limbs of a tight. */
export function carry(out: usize, a: usize): void {
  ${lines(LIMBS, (i) => `let r${i} = i64.load32_s(a, ${4 * i});`)}
  let c: i64;
  ${CARRIES}
  ${STORE}
}

/** The 32 canonical bytes of a: 64·p is added so that all is positive, then p is taken away as often as it fits. */
export function toBytes(out: usize, a: usize): void {
  ${lines(LIMBS, (i) => `let r${i} = i64.load32_s(a, ${4 * i}) + ${i === 0 ? 2 ** RADIX - FOLD : MASK};`)}
  ${floorCarries('r0 += (r8 >> 23) * 19; r8 &= 8388607;')}
  ${floorCarries('r0 += (r8 >> 23) * 19; r8 &= 8388607;')}
  let t = r0 + 19;
  ${lines(LIMBS - 1, (i) => `t = r${i + 1} + (t >> ${RADIX});`)}
  r0 += (t >> 23) * 19;
  ${floorCarries('r8 &= 8388607;')}
  ${words()}
}

/** The element of 32 little-endian bytes; topMask says which bits of the last eight bytes count. */
export function fromBytes(out: usize, bytes: usize, topMask: i64): void {
  ${lines(4, (w) => `const w${w} = load<i64>(bytes, ${8 * w})${w === 3 ? ' & topMask' : ''};`)}
  ${lines(LIMBS, (i) => `let r${i} = ${bitsAt('w', RADIX * i, i === LIMBS - 1 ? 24 : RADIX, 4)};`)}
  let c: i64;
  ${CARRIES}
  ${STORE}
}
`;
}
