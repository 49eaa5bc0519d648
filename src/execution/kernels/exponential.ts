import { constant } from './constants.ts';

/**
 * Text that binds `name` to e^x (four f32) for x in [-64, 87]; below -64 the result is e^-64. As defined in
 * docs/protocol/arithmetic.md: Cody–Waite reduction by ln 2 and the degree-6 polynomial of Cephes' expf, in f32 without fused
 * operations.
 */
export function exponential(name: string, x: string, half: 0 | 1): string {
  const k = (which: Parameters<typeof constant>[0]) => constant(which, half);
  const horner = (['exp5', 'exp4', 'exp3', 'exp2', 'exp1'] as const)
    .map((next, i) => {
      const before = i === 0 ? k('exp6') : `${name}p${i - 1}`;
      return `const ${name}p${i} = f32x4.add(f32x4.mul(${before}, ${name}r), ${k(next)});`;
    })
    .join(' ');
  return `const ${name}x = f32x4.pmax(${x}, ${k('expLowest')}), ${name}t = f32x4.add(f32x4.mul(${name}x, ${k('log2e')}), ${k('magic')}), ${name}n = f32x4.sub(${name}t, ${k('magic')});
const ${name}r = f32x4.sub(f32x4.sub(${name}x, f32x4.mul(${name}n, ${k('ln2High')})), f32x4.mul(${name}n, ${k('ln2Low')}));
${horner}
const ${name}y = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(${name}p4, ${name}r), ${name}r), ${name}r), ${k('one')});
const ${name} = f32x4.mul(${name}y, i32x4.shl(i32x4.add(${name}t, ${k('low7')}), 23));`;
}
