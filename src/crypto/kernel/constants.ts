/** The numbers that the kernel's program text names, as field elements in memory. */

const P = 2n ** 255n - 19n;

function power(base: bigint, exponent: bigint): bigint {
  let [square, rest, result] = [base % P, exponent, 1n];
  for (; rest > 0n; rest >>= 1n, square = (square * square) % P)
    if (rest & 1n) result = (result * square) % P;
  return result;
}

const mod = (value: bigint) => ((value % P) + P) % P;
const divide = (a: bigint, b: bigint) => mod(a * power(mod(b), P - 2n));

/** A square root mod p (p = 5 mod 8), either one. Throws RangeError when there is none. */
function root(square: bigint): bigint {
  const candidate = power(mod(square), (P + 3n) / 8n);
  for (const found of [candidate, mod(candidate * I)]) if (mod(found * found - square) === 0n) return found;
  throw new RangeError('root: not a square');
}

const I = power(2n, (P - 1n) / 4n);
const A = 486662n;
const D = divide(-121665n, 121666n);

const FIELD_ELEMENTS: Record<string, bigint> = {
  ONE: 1n,
  D,
  D2: mod(2n * D),
  ROOT_OF_MINUS_ONE: I,
  /** For the map of hashes to points: see hash.as.ts. */
  MINUS_A: mod(-A),
  MINUS_A_SQUARED: mod(-A * A),
  ROOT_FIRST: root(2n * A * (A + 2n)),
  ROOT_SECOND: root(-2n * A * (A + 2n)),
  ROOT_THIRD: root(I * A * (A + 2n)),
  ROOT_FOURTH: root(-I * A * (A + 2n)),
};

/** Base point of RFC 8032: y = 4/5, even x. */
const BASE = {
  y: divide(4n, 5n),
  x: 15112221349535400772501151409588531511454012693041857206046113283949847762202n,
};
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
/** 1/8 mod l. */
const EIGHTH = (ORDER * 3n + 1n) / 8n;

/** Balanced limbs of 29 bits, in 12 places. */
function limbs(value: bigint): number[] {
  let rest = value > P / 2n ? value - P : value;
  const places: number[] = [];
  for (let i = 0; i < 9; i++) {
    const low = Number(BigInt.asIntN(29, rest));
    places.push(low);
    rest = (rest - BigInt(low)) >> 29n;
  }
  return [...places, 0, 0, 0];
}

const words = (value: bigint) =>
  Array.from({ length: 4 }, (_, i) => BigInt.asIntN(64, value >> BigInt(64 * i)).toString());

const inMemory = (name: string, type: string, values: readonly (number | string)[]) =>
  `export const ${name} = memory.data<${type}>([${values.join(', ')}], 16);`;

/** AssemblyScript of the constants. */
export function constantsSource(): string {
  const base = [BASE.x, BASE.y, 1n, (BASE.x * BASE.y) % P];
  return [
    ...Object.entries(FIELD_ELEMENTS).map(([name, value]) => inMemory(name, 'i32', limbs(value))),
    inMemory('BASE_POINT', 'i32', base.flatMap(limbs)),
    inMemory('ORDER', 'i64', words(ORDER)),
    inMemory('EIGHTH', 'i64', words(EIGHTH)),
  ].join('\n');
}
