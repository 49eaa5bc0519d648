/** `n` pieces of program text, one a line. Hot kernels are pasted text: V8 pairs vectors only within one block. */
export const repeat = (n: number, piece: (i: number) => string): string =>
  Array.from({ length: n }, (_, i) => piece(i)).join('\n');

/** The two 16-byte halves of a 32-byte vector, side by side so that V8 can pair them into one AVX2 operation. */
export const halves = (piece: (half: 0 | 1) => string): string => `${piece(0)} ${piece(1)}`;
