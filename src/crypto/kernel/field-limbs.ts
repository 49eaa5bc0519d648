import { bitsAt, lines } from './text.ts';

/**
 * Field elements mod 2^255 − 19 are processed in pairs, one in each 64-bit lane of a vector. An element has 10 signed i32 limbs,
 * alternately 26 and 25 bits (limb i has weight 2^⌈25.5·i⌉). A pair is 80 bytes: at 8·i limb i of the first, then limb i of
 * the second. The address of an element is that of its pair, plus 4 for the second.
 *
 * Bounds: the limbs of a product are at most 2^25 and 2^24 in absolute value, called one unit. In a·b, b may have up to 3 units,
 * because 19 times a limb must fit into 32 bits, and the product of units at most 31, because columns must fit into 62 bits.
 */
const LIMBS = 10;
const VECTORS = LIMBS / 2;
export const widthOf = (i: number): number => (i % 2 === 0 ? 26 : 25);
const positionOf = (i: number) => Math.ceil(25.5 * i);
const maskOf = (i: number) => 2 ** widthOf(i) - 1;

/** Constant vectors of the program text, without duplicates. */
class Constants {
  readonly #lanes: (readonly [bigint, bigint])[] = [];

  /** Program text that loads the vector with these two lanes. */
  load(first: bigint, second = first): string {
    let at = this.#lanes.findIndex(([a, b]) => a === first && b === second);
    if (at < 0) at = this.#lanes.push([first, second]) - 1;
    return `v128.load(CONSTANTS, ${16 * at})`;
  }

  toString(): string {
    const values = this.#lanes.flat().map((lane) => BigInt.asIntN(64, lane));
    return `const CONSTANTS = memory.data<i64>([${values.join(', ')}], 16);`;
  }
}

const constants = new Constants();

/**
 * FOLDED has 19 times the limbs of b, for products of weight 2^255 and above. The product of two odd limbs has twice the weight
 * of its column, so PLAIN_ODD and FOLDED_ODD, used with odd limbs of a, have the odd limbs of b doubled.
 */
const prepare = (b: string) =>
  lines(VECTORS, (m) =>
    [
      `y = v128.load(${b}, ${16 * m});`,
      `v128.store(PLAIN_ODD, i32x4.mul(y, oddTwice), ${16 * m});`,
      `y = i32x4.mul(y, nineteen); v128.store(FOLDED, y, ${16 * m});`,
      `v128.store(FOLDED_ODD, i32x4.mul(y, oddTwice), ${16 * m});`,
    ].join(' '),
  );

/** Adds limb i of a times limbs `from` … 9 of b to the columns r0 … r9. */
function row(i: number, b: string, from: number, started: Set<number>): string[] {
  const text: string[] = [];
  let loaded = '';
  for (let j = from; j < LIMBS; j++) {
    const [plain, folded] = i % 2 === 0 ? [b, 'FOLDED'] : ['PLAIN_ODD', 'FOLDED_ODD'];
    const table = i + j < LIMBS ? plain : folded;
    const vector = `y = v128.load(${table}, ${16 * (j >> 1)});`;
    if (vector !== loaded) text.push(vector);
    loaded = vector;
    const product = `i64x2.extmul_${j % 2 === 0 ? 'low' : 'high'}_i32x4_s(x, y)`;
    const k = (i + j) % LIMBS;
    text.push(started.has(k) ? `r${k} = i64x2.add(r${k}, ${product});` : `let r${k} = ${product};`);
    started.add(k);
  }
  return text;
}

function rows(b: string, isSquare: boolean): string {
  const started = new Set<number>();
  const text = Array.from({ length: LIMBS }, (_, i) => {
    const load = `x = v128.load64_splat(a, ${8 * i});`;
    if (!isSquare) return [load, ...row(i, b, 0, started)];
    const terms = row(i, b, i, started);
    // The square of a limb counts once, a product of two different limbs twice.
    return [load, ...terms.slice(0, 2), 'x = i32x4.add(x, x);', ...terms.slice(2)];
  });
  return text.flat().join('\n  ');
}

/** Order of the carries: two interleaved chains. */
const CARRY_ORDER = [0, 4, 1, 5, 2, 6, 3, 7, 4, 8, 9, 0];
const times19 = (c: string) => `i64x2.add(${c}, i64x2.add(i64x2.shl(${c}, 4), i64x2.shl(${c}, 1)))`;

/**
 * Carries the columns down to limbs and stores them. There is no arithmetic shift of 64-bit lanes, so an offset makes each column
 * positive before the shift, and the sum of the offsets is subtracted at the end.
 */
function carryAndStore(): string {
  const offsets: bigint[] = Array(LIMBS).fill(0n);
  const text = CARRY_ORDER.map((i) => {
    const width = BigInt(widthOf(i));
    const positive = 2n ** 62n + 2n ** (width - 1n);
    const carry = [
      `r${i} = i64x2.add(r${i}, ${constants.load(positive - offsets[i]!)});`,
      `c = i64x2.shr_u(r${i}, ${width}); r${i} = v128.and(r${i}, ${constants.load(BigInt(maskOf(i)))});`,
    ];
    offsets[i] = 2n ** (width - 1n);
    const next = (i + 1) % LIMBS;
    offsets[next]! += (next === 0 ? 19n : 1n) * 2n ** (62n - width);
    return [...carry, `r${next} = i64x2.add(r${next}, ${next === 0 ? times19('c') : 'c'});`].join(' ');
  });
  const twice = (offset: bigint) => BigInt.asUintN(32, offset) * (2n ** 32n + 1n);
  const store = lines(VECTORS, (m) => {
    const limbs = `v128.shuffle<i32>(r${2 * m}, r${2 * m + 1}, 0, 2, 4, 6)`;
    const offset = constants.load(twice(offsets[2 * m]!), twice(offsets[2 * m + 1]!));
    return `v128.store(out, i32x4.sub(${limbs}, ${offset}), ${16 * m});`;
  });
  return [...text, store].join('\n  ');
}

function product(name: string, operands: string[]): string {
  const b = operands.at(-1)!;
  return `
/** out = ${name === 'square' ? 'a²' : 'a·b'}, of both elements. out may be an operand. */
export function ${name}(out: usize, ${operands.map((operand) => `${operand}: usize`).join(', ')}): void {
  const nineteen = v128.load(NINETEEN);
  const oddTwice = v128.load(ODD_TWICE);
  let x: v128; let y: v128; let c: v128;
  ${prepare(b)}
  ${rows(b, name === 'square')}
  ${carryAndStore()}
}
`;
}

/** Packs the canonical limbs r into four 64-bit words. */
function words(): string {
  const word = (w: number) =>
    Array.from({ length: LIMBS }, (_, i) => ({ shift: positionOf(i) - 64 * w, i }))
      .filter(({ shift, i }) => shift > -widthOf(i) && shift < 64)
      .map(({ shift, i }) => (shift >= 0 ? `(r${i} << ${shift})` : `(r${i} >>> ${-shift})`))
      .join(' | ');
  return lines(4, (w) => `store<i64>(out, ${word(w)}, ${8 * w});`);
}

const TOP = LIMBS - 1;
const floorCarries = (last: string) =>
  `${lines(TOP, (i) => `r${i + 1} += r${i} >> ${widthOf(i)}; r${i} &= ${maskOf(i)};`)}\n  ${last}`;
const FOLD_TOP = `r0 += (r9 >> 25) * 19; r9 &= ${maskOf(TOP)};`;

/** The limb arithmetic in AssemblyScript. */
export function fieldLimbsSource(): string {
  const products = [product('multiply', ['a', 'b']), product('square', ['a'])];
  return `
${constants}
const NINETEEN = memory.data<i32>([19, 19, 19, 19], 16);
const ODD_TWICE = memory.data<i32>([1, 1, 2, 2], 16);
const PLAIN_ODD = memory.data(80, 16);
const FOLDED = memory.data(80, 16);
const FOLDED_ODD = memory.data(80, 16);
${products.join('')}
/** Writes the 32 canonical bytes of an element: adds 32·p so that all limbs are positive, then reduces mod p. */
export function toBytes(out: usize, a: usize): void {
  ${lines(LIMBS, (i) => `let r${i} = i64.load32_s(a, ${8 * i}) + ${32 * (maskOf(i) - (i === 0 ? 18 : 0))};`)}
  ${floorCarries(FOLD_TOP)}
  ${floorCarries(FOLD_TOP)}
  let t = r0 + 19;
  ${lines(TOP, (i) => `t = r${i + 1} + (t >> ${widthOf(i)});`)}
  r0 += (t >> 25) * 19;
  ${floorCarries(`r9 &= ${maskOf(TOP)};`)}
  ${words()}
}

/** Reads one element from 32 little-endian bytes; topMask selects the bits of the last eight bytes. */
export function fromBytes(out: usize, bytes: usize, topMask: i64): void {
  ${lines(4, (w) => `const w${w} = load<i64>(bytes, ${8 * w})${w === 3 ? ' & topMask' : ''};`)}
  ${lines(LIMBS, (i) => `let r${i} = ${bitsAt('w', positionOf(i), i === TOP ? 26 : widthOf(i), 4)};`)}
  let c: i64;
  ${lines(LIMBS, (i) => {
    const into = i === TOP ? 'r0 += c * 19;' : `r${i + 1} += c;`;
    return `c = (r${i} + ${2 ** (widthOf(i) - 1)}) >> ${widthOf(i)}; r${i} -= c << ${widthOf(i)}; ${into}`;
  })}
  ${lines(LIMBS, (i) => `i64.store32(out, r${i}, ${8 * i});`)}
}
`;
}
