import { widthOf } from './field-limbs.ts';

/** Named constants of the kernel, as pairs of field elements in memory; mostly the same number twice. */

const P = 2n ** 255n - 19n;

function power(base: bigint, exponent: bigint): bigint {
  let [square, rest, result] = [base % P, exponent, 1n];
  for (; rest > 0n; rest >>= 1n, square = (square * square) % P)
    if (rest & 1n) result = (result * square) % P;
  return result;
}

const mod = (value: bigint) => ((value % P) + P) % P;
const divide = (a: bigint, b: bigint) => mod(a * power(mod(b), P - 2n));

/** One of the two square roots mod p (p = 5 mod 8). Throws RangeError when there is none. */
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
  ROOT_OF_MINUS_ONE: I,
  /** For the map from hashes to points, see hash.as.ts. */
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
/** Balanced limbs, alternately 26 and 25 bits. */
function limbs(value: bigint): number[] {
  let rest = value > P / 2n ? value - P : value;
  return Array.from({ length: 10 }, (_, i) => {
    const low = BigInt.asIntN(widthOf(i), rest);
    rest = (rest - low) >> BigInt(widthOf(i));
    return Number(low);
  });
}

/** Two elements in the kernel's form, see field-limbs.ts. */
function pair(first: bigint, second: bigint): number[] {
  const others = limbs(second);
  return limbs(first).flatMap((limb, i) => [limb, others[i]!]);
}

const inMemory = (name: string, values: readonly number[]) =>
  `export const ${name} = memory.data<i32>([${values.join(', ')}], 16);`;

/** The constants in AssemblyScript. */
export function constantsSource(): string {
  return [
    ...Object.entries(FIELD_ELEMENTS).map(([name, value]) => inMemory(name, pair(value, value))),
    inMemory('D2_AND_2', pair(mod(2n * D), 2n)),
    inMemory('IDENTITY_HALF', pair(0n, 1n)),
    inMemory('BASE_POINT', [...pair(BASE.x, BASE.y), ...pair((BASE.x * BASE.y) % P, 1n)]),
  ].join('\n');
}
