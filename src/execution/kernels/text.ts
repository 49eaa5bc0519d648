/** `n` pieces of program text, one per line. Hot loops are unrolled as text: V8 pairs vectors only within a basic block. */
export const repeat = (n: number, piece: (i: number) => string): string =>
  Array.from({ length: n }, (_, i) => piece(i)).join('\n');

/** Text for the two 16-byte halves of a 32-byte vector, adjacent so that V8 can merge them into one AVX2 operation. */
export const halves = (piece: (half: 0 | 1) => string): string => `${piece(0)} ${piece(1)}`;
