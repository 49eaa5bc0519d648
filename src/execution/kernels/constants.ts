/**
 * SIMD constants that kernels load from memory, because V8 would materialise them again inside loops. Each takes 32 bytes with
 * one value in all lanes, so that both halves of a 256-bit pair load from adjacent addresses.
 */
const TABLE = {
  nibbles: ['u8', 15],
  /** Mask of sign, exponent and fraction of an f16 that was sign-extended and shifted left by 13. */
  halfFloat: ['u32', 0x8fffe000],
  /** 1.5 · 2^23: adding it rounds to an integer, half to even. Integer sums start from its bit pattern. */
  magic: ['f32', 12582912],
  one: ['f32', 1],
  low7: ['u32', 127],
  /** Results are accumulated scaled by 2^-48 (docs/protocol/arithmetic.md, "Products"). */
  unscale: ['f32', 2 ** 48],
  expLowest: ['f32', -64],
  expHighest: ['f32', 87],
  log2e: ['f32', 1.44269502],
  ln2High: ['f32', 0.693359375],
  ln2Low: ['f32', -2.1219444e-4],
  exp6: ['f32', 1.98756915e-4],
  exp5: ['f32', 1.3981999507e-3],
  exp4: ['f32', 8.3334519073e-3],
  exp3: ['f32', 4.1665795894e-2],
  exp2: ['f32', 1.6666665459e-1],
  exp1: ['f32', 5.0000001201e-1],
} as const;

type Name = keyof typeof TABLE;

const BASE = 0x400;
const names = Object.keys(TABLE) as Name[];

/** Text that loads a half (16 bytes) of a constant. */
export const constant = (name: Name, half: 0 | 1 = 0): string =>
  `v128.load(${BASE + 32 * names.indexOf(name)}, ${16 * half})`;

function splat([type, value]: readonly ['u8' | 'u32' | 'f32', number]): string {
  if (type === 'u8') return `i8x16.splat(${value})`;
  return type === 'u32' ? `i32x4.splat(<i32>${value})` : `f32x4.splat(<f32>${value})`;
}

/** AssemblyScript of `prepareConstants()`, which is called once per memory before any other kernel. */
export function constantsSource(): string {
  const stores = names.map((name, i) => {
    const at = BASE + 32 * i;
    return `v128.store(${at}, ${splat(TABLE[name])}); v128.store(${at + 16}, ${splat(TABLE[name])});`;
  });
  return `export function prepareConstants(): void {\n${stores.join('\n')}\n}\n`;
}
