/** `count` lines of program text. Limb arithmetic is generated as unrolled text, so that limbs stay in registers. */
export const lines = (count: number, piece: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => piece(i)).join('\n  ');

/** Program text of Σ a[i]·b[j] over i + j = k. */
export function column(k: number, limbs: number): string {
  const terms: string[] = [];
  for (let i = Math.max(0, k - limbs + 1); i <= Math.min(k, limbs - 1); i++) terms.push(`a${i} * b${k - i}`);
  return terms.join(' + ');
}

/** Program text that extracts `bits` bits at bit `at` from the 64-bit words `prefix`0, `prefix`1, … (`words` of them). */
export function bitsAt(prefix: string, at: number, bits: number, words: number): string {
  const [word, shift] = [Math.floor(at / 64), at % 64];
  const low = `(${prefix}${word} >>> ${shift})`;
  const crosses = shift + bits > 64 && word + 1 < words;
  const value = crosses ? `(${low} | (${prefix}${word + 1} << ${64 - shift}))` : low;
  return `(${value} & ${2 ** bits - 1})`;
}
