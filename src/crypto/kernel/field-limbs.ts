import { bitsAt, lines } from './text.ts';

/**
 * Field elements mod 2^255 − 19 are worked on two at a time, one in each 64-bit lane of a vector. An element is 10
 * signed limbs, of 26 and 25 bits in turn (limb i weighs 2^⌈25.5·i⌉), i32 each; a pair of elements is 80 bytes, limb i
 * of the first and then of the second at 8·i. So an element is an address too: that of its pair, 4 more for the second.
 *
 * Bounds. A product's limbs are at most 2^25 and 2^24 in size: one unit. In a·b, b may have 3 units, as 19 times a limb
 * must fit into 32 bits, and the units of a times those of b may be 31, as columns must fit into 62 bits.
 */
const LIMBS = 10;
const VECTORS = LIMBS / 2;
export const widthOf = (i: number): number => (i % 2 === 0 ? 26 : 25);
const positionOf = (i: number) => Math.ceil(25.5 * i);
const maskOf = (i: number) => 2 ** widthOf(i) - 1;

/** Constant vectors of the program text, each once. */
class Constants {
  readonly #lanes: (readonly [bigint, bigint])[] = [];

  /** Text that loads the vector with these two lanes. */
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
 * What the limbs of b are multiplied by for products that weigh 2^255 and more, 19 times the limb, goes into FOLDED.
 * Two odd limbs weigh 2 more together than their places say: for odd limbs of a, those of b are doubled in PLAIN_ODD and
 * FOLDED_ODD.
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

/** Limb i of a times limbs `from` … 9 of b, onto the columns r0 … r9. */
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
    // The product of a limb with itself counts once, those with others twice.
    return [load, ...terms.slice(0, 2), 'x = i32x4.add(x, x);', ...terms.slice(2)];
  });
  return text.flat().join('\n  ');
}

/** Limbs in the order in which they are made small: two chains side by side. */
const CARRY_ORDER = [0, 4, 1, 5, 2, 6, 3, 7, 4, 8, 9, 0];
const times19 = (c: string) => `i64x2.add(${c}, i64x2.add(i64x2.shl(${c}, 4), i64x2.shl(${c}, 1)))`;

/**
 * Brings the columns down to limbs and stores them. There is no arithmetic shift of 64-bit lanes: each column is made
 * positive by an offset before it is shifted, and what the offsets come to is subtracted in the end.
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

/** Bits of the canonical limbs r, put together as four words. */
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

/** AssemblyScript of the limb arithmetic. */
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
/** The 32 canonical bytes of one element: 32·p is added so that all is positive, then p is taken away as it fits. */
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

/** One element, of 32 little-endian bytes; topMask says which bits of the last eight bytes count. */
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
