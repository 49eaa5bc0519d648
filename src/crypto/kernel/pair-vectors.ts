import { lines } from './text.ts';

/**
 * Operations on pairs of field elements between two products, vector by vector. A pair is five vectors, each with two limbs of
 * the first element in its even lanes and two of the second in its odd lanes.
 */
const VECTORS = 5;

const load = (pair: string, at: number) => `v128.load(${pair}, ${at})`;
const store = (pair: string, at: number, value: string) => `v128.store(${pair}, ${value}, ${at});`;
const swapped = (v: string) => `v128.shuffle<i32>(${v}, ${v}, 1, 0, 3, 2)`;
const firsts = (v: string, w: string) => `v128.shuffle<i32>(${v}, ${w}, 0, 4, 2, 6)`;
const seconds = (v: string, w: string) => `v128.shuffle<i32>(${v}, ${w}, 1, 5, 3, 7)`;
/** The first element from v and the second from w. */
const mixed = (v: string, w: string) => `v128.shuffle<i32>(${v}, ${w}, 0, 5, 2, 7)`;
const sum = (v: string, w: string) => `i32x4.add(${v}, ${w})`;
const difference = (v: string, w: string) => `i32x4.sub(${v}, ${w})`;
/** (second − first, second + first). */
const crossed = (v: string) => mixed(difference(swapped(v), v), sum(swapped(v), v));

function forEachVector(name: string, pairs: string, what: string, of: (at: number) => string[]): string {
  const parameters = pairs.split(' ').map((pair) => `${pair}: usize`);
  return `
/** ${what} */
export function ${name}(${parameters.join(', ')}): void {
  let v: v128; let w: v128;
  ${lines(VECTORS, (m) => of(16 * m).join(' '))}
}
`;
}

const perVector = (name: string, pairs: string, what: string, value: (v: string, w: string) => string) =>
  forEachVector(name, pairs, what, (at) => {
    const [, a, b = a] = pairs.split(' ') as [string, string, string?];
    return [`v = ${load(a, at)}; w = ${load(b, at)};`, store('out', at, value('v', 'w'))];
  });

/** These operations in AssemblyScript. */
export function pairVectorsSource(): string {
  return [
    perVector('copyPair', 'out a', 'out = a.', (v) => v),
    perVector('add', 'out a b', 'out = a + b.', sum),
    perVector('subtract', 'out a b', 'out = a − b.', difference),
    perVector('negateFirst', 'out a', 'out = (−first, second) of a.', (v) => mixed(`i32x4.neg(${v})`, v)),
    perVector('swap', 'out a', 'out = (second of a, first of a).', swapped),
    perVector(
      'secondTwice',
      'out a',
      'out = the second of a, twice.',
      (v) => `v128.shuffle<i32>(${v}, ${v}, 1, 1, 3, 3)`,
    ),
    perVector('cross', 'out a', 'out = (second − first, second + first) of a.', crossed),
    perVector('sumAndSecond', 'out a b', 'out = (sum of the two of a, second of b).', (v, w) =>
      mixed(sum(swapped(v), v), w),
    ),
    forEachVector(
      'factorsOfSum',
      'e f ef hg ab cd',
      'From (A, B) and (C, D) of a sum: (E, H), (F, G), (E, F) and (H, G).',
      (at) => [
        `v = ${load('ab', at)}; v = ${crossed('v')}; ${store('e', at, 'v')}`,
        `w = ${load('cd', at)}; w = ${crossed('w')}; ${store('f', at, 'w')}`,
        `${store('ef', at, firsts('v', 'w'))} ${store('hg', at, seconds('v', 'w'))}`,
      ],
    ),
    forEachVector(
      'factorsOfDouble',
      'f e ef hg squares others',
      'From (X², Y²) and ((X + Y)², Z²), with the signs of F and H changed: (F, G), (E, H), (E, F) and (H, G).',
      (at) => [
        `v = ${load('squares', at)}; v = ${swapped(crossed('v'))};`,
        `w = ${load('others', at)}; w = ${difference(mixed('w', sum('w', 'w')), 'v')};`,
        `${store('ef', at, 'w')} ${store('hg', at, 'v')}`,
        `${store('f', at, seconds('w', 'v'))} ${store('e', at, firsts('w', 'v'))}`,
      ],
    ),
  ].join('');
}
