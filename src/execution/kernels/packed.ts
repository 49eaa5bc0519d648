import { constant } from './constants.ts';
import { type Build, dot, dotSource, halfFloats } from './dot.ts';
import { halves, repeat } from './text.ts';

/**
 * Matrix kernels for few rows of activations. They use the weights packed, as stored in memory.
 *
 * A *tile* holds 8 matrix rows as `blocks` blocks of 32 columns. A call processes `streams` tiles from distant regions of the
 * matrix at once, because a single sequential stream does not saturate memory bandwidth. `unit` tiles share registers. With one
 * activation row and unit = streams, all sums stay in locals; otherwise they go to an accumulator area in L1.
 *
 * w: tiles × blocks × blockBytes; x: rows × blocks records, `xStride` bytes apart; out: rows × tiles × 8 f32, `outStride` bytes
 * apart; sums: ACCUMULATOR_BYTES.
 */
export interface PackedShape {
  name: string;
  /** Activation rows. */
  rows: 1 | 2 | 3 | 4;
  /** Tiles that share registers; divides `streams`. */
  unit: number;
  /** Tiles processed at once. */
  streams: number;
}

/** The differences between the two tile formats (docs/protocol/arithmetic.md, "Products"). */
interface Format {
  /** Bytes of a block: 8 matrix rows × 32 columns. */
  blockBytes: number;
  recordBytes: number;
  /** Byte offset of the f32 scale in a record. */
  recordScale: number;
  /** Text that declares the integer sums of a block. */
  start(s: PackedShape): string;
  /** Text that adds a block's products to the integer sums. */
  sums(s: PackedShape, build: Build): string;
  /** Text of the value that one block adds to a row's sum. */
  term(u: number, sum: string, half: 0 | 1): string;
  /** Text that declares the variables of `term`, per tile and per activation row. */
  tileNames(u: number): string;
  rowNames(t: number): string;
}

const index = (s: PackedShape, u: number, t: number, half: number) => (u * s.rows + t) * 2 + half;
const masked = (u: number, half: 0 | 1) => `v128.and(w${u}_${half}, nibbles${half})`;
const shifted = (u: number, half: 0 | 1) => `v128.and(i16x8.shr_u(w${u}_${half}, 4), nibbles${half})`;

/**
 * Block of 160 bytes: 4 × (16 bytes of rows 0–3, 16 bytes of rows 4–7), 8 f16 scales, 8 f16 minima. In byte e of a row's four
 * bytes in group j, the low nibble is column 4j + e and the high nibble is column 16 + 4j + e.
 */
const format4: Format = {
  blockBytes: 160,
  recordBytes: 40,
  recordScale: 32,
  start: (s) => repeat(2 * s.unit * s.rows, (i) => `let c${i} = magic${i & 1};`),
  sums: (s, build) =>
    repeat(4, (j) => {
      const nibble = (kind: 'l' | 'h', text: typeof masked) => {
        const named = s.unit <= 2;
        const names = repeat(s.unit, (u) =>
          halves((half) => `const ${kind}${u}_${half} = ${text(u, half)};`),
        );
        const weight = (u: number, half: 0 | 1) => (named ? `${kind}${u}_${half}` : text(u, half));
        const products = repeat(s.rows, (t) => {
          const add = (u: number) =>
            halves((half) => {
              const c = `c${index(s, u, t, half)}`;
              return `${c} = ${dot(build, 'v', weight(u, half), c)};`;
            });
          return `{ const v = v128.load_splat<i32>(x${t}, ${(kind === 'l' ? 0 : 16) + 4 * j}); ${repeat(s.unit, add)} }`;
        });
        return named ? `${names}\n${products}` : products;
      };
      return `{ ${loadWeights(s, j)}\n${nibble('l', masked)}\n${nibble('h', shifted)} }`;
    }),
  tileNames: (u) =>
    halves(
      (half) =>
        `const d${half} = ${halfFloats(`q${u}`, 128 + 8 * half, `half${half}`)}, m${half} = ${halfFloats(`q${u}`, 144 + 8 * half, `half${half}`)};`,
    ),
  rowNames: (t) => `const sx = v128.load_splat<f32>(x${t}, 36);`,
  term: (_, sum, half) =>
    `f32x4.add(f32x4.mul(f32x4.sub(${sum}, magic${half}), f32x4.mul(d${half}, dx)), f32x4.mul(m${half}, sx))`,
};

/**
 * Block of 272 bytes: 8 × (16 bytes of rows 0–3, 16 bytes of rows 4–7) of int8, 8 f16 scales. Each row has four columns in each
 * of the eight groups. A record holds |x| and signs.
 */
const format8: Format = {
  blockBytes: 272,
  recordBytes: 72,
  recordScale: 64,
  start: (s) =>
    repeat(s.rows, (t) => `const start${t} = v128.load_splat<i32>(x${t}, 68);`) +
    repeat(2 * s.unit * s.rows, (i) => `let c${i} = start${(i >> 1) % s.rows};`),
  sums: (s, build) =>
    repeat(8, (j) => {
      const products = repeat(s.rows, (t) => {
        const add = (u: number) =>
          halves((half) => {
            const c = `c${index(s, u, t, half)}`;
            return `${c} = ${dot(build, `v128.xor(w${u}_${half}, sign)`, 'v', c)};`;
          });
        return `{ const v = v128.load_splat<i32>(x${t}, ${4 * j}), sign = v128.load_splat<i32>(x${t}, ${32 + 4 * j}); ${repeat(s.unit, add)} }`;
      });
      return `{ ${loadWeights(s, j)}\n${products} }`;
    }),
  tileNames: (u) =>
    halves((half) => `const d${half} = ${halfFloats(`q${u}`, 256 + 8 * half, `half${half}`)};`),
  rowNames: () => '',
  term: (_, sum, half) => `f32x4.mul(f32x4.sub(${sum}, magic${half}), f32x4.mul(d${half}, dx))`,
};

const loadWeights = (s: PackedShape, j: number) =>
  repeat(
    s.unit,
    (u) => `const w${u}_0 = v128.load(q${u}, ${32 * j}), w${u}_1 = v128.load(q${u}, ${32 * j + 16});`,
  );

/** Text that processes one block of 32 columns of one unit of tiles. */
function unit(format: Format, s: PackedShape, build: Build, first: number): string {
  const inLocals = s.unit === s.streams && s.rows === 1;
  const epilogue = (u: number) => {
    const row = (t: number) => {
      const at = ((first + u) * s.rows + t) * 32;
      const sums = halves((half) => {
        const c = `c${index(s, u, t, half)}`;
        const total = inLocals ? `a${2 * u + half}` : `v128.load(sums, ${at + 16 * half})`;
        const value = `f32x4.add(${total}, ${format.term(u, c, half)})`;
        return inLocals ? `${total} = ${value};` : `const y${half} = ${value};`;
      });
      const store = inLocals ? '' : `v128.store(sums, y0, ${at}); v128.store(sums, y1, ${at + 16});`;
      return `{ const dx = v128.load_splat<f32>(x${t}, ${format.recordScale}); ${format.rowNames(t)} ${sums} ${store} }`;
    };
    return `{ ${format.tileNames(u)} ${repeat(s.rows, row)} }`;
  };
  return `{ ${repeat(s.unit, (u) => `const q${u} = q; q += apart;`)}
${format.start(s)}
${format.sums(s, build)}
${repeat(s.unit, epilogue)} }`;
}

function kernel(format: Format, s: PackedShape, build: Build): string {
  const inLocals = s.unit === s.streams && s.rows === 1;
  const scaled = (half: 0 | 1, value: string) => `f32x4.mul(${value}, ${constant('unscale', half)})`;
  const result = (stream: number, t: number) => {
    const value = (half: 0 | 1) =>
      inLocals ? `a${2 * stream + half}` : `v128.load(sums, ${(stream * s.rows + t) * 32 + 16 * half})`;
    return `{ const y0 = ${scaled(0, value(0))}, y1 = ${scaled(1, value(1))}, o = to + ${t} * outStride; v128.store(o, y0); v128.store(o, y1, 16); }`;
  };
  return `
function ${s.name}(w: usize, x: usize, xStride: usize, out: usize, outStride: usize, tiles: i32, blocks: i32, sums: usize): void {
const zero = f32x4.splat(0), nibbles0 = ${constant('nibbles')}, nibbles1 = ${constant('nibbles', 1)}, half0 = ${constant('halfFloat')}, half1 = ${constant('halfFloat', 1)}, magic0 = ${constant('magic')}, magic1 = ${constant('magic', 1)};
const steps = tiles / ${s.streams}, apart = <usize>steps * <usize>blocks * ${format.blockBytes}, outApart = <usize>steps << 5; let p = w;
for (let step = 0; step < steps; step++) {
${repeat(s.rows, (t) => `let x${t} = x + ${t} * xStride;`)}
${inLocals ? repeat(2 * s.streams, (i) => `let a${i} = zero;`) : repeat(2 * s.streams * s.rows, (i) => `v128.store(sums, zero, ${16 * i});`)}
const end = p + <usize>blocks * ${format.blockBytes};
for (; p < end; p += ${format.blockBytes}) { let q = p;
${repeat(s.streams / s.unit, (k) => unit(format, s, build, k * s.unit))}
${repeat(s.rows, (t) => `x${t} += ${format.recordBytes};`)} }
let to = out + (<usize>step << 5);
${repeat(s.streams, (stream) => `${repeat(s.rows, (t) => result(stream, t))} to += outApart;`)}
} }
`;
}

/** Shapes of one format: for each number of rows, one with many streams and one with a single stream for the remainder. */
function shapes(
  name: string,
  streams: number,
  units: readonly [number, number, number, number],
): PackedShape[] {
  return ([1, 2, 3, 4] as const).flatMap((rows) => [
    { name: `${name}x${rows}`, rows, unit: units[rows - 1]!, streams },
    { name: `${name}x${rows}rest`, rows, unit: 1, streams: 1 },
  ]);
}

/** Text of the function that multiplies tiles by up to 4 activation rows. Results do not depend on the shape. */
function dispatch(name: string, streams: number, blockBytes: number): string {
  const args = (w: string, out: string, tiles: string) =>
    `${w}, x, xStride, ${out}, outStride, ${tiles}, blocks, sums`;
  const cases = ([1, 2, 3, 4] as const).map(
    (rows) =>
      `if (rows == ${rows}) { if (many) ${name}x${rows}(${args('w', 'out', 'many')}); if (rest) ${name}x${rows}rest(${args('w2', 'out2', 'rest')}); }`,
  );
  return `
export function ${name}(w: usize, x: usize, xStride: usize, out: usize, outStride: usize, tiles: i32, blocks: i32, rows: i32, sums: usize): void {
const many = tiles / ${streams} * ${streams}, rest = tiles - many, w2 = w + <usize>many * <usize>blocks * ${blockBytes}, out2 = out + (<usize>many << 5);
${cases.join('\nelse ')}
}
`;
}

/** Bytes of the accumulator area: 12 streams × 4 rows × 8 f32. */
export const ACCUMULATOR_BYTES = 12 * 4 * 32;

/** AssemblyScript of `packed4` and `packed8`. */
export function packedSource(build: Build): string {
  const relaxed = build === 'relaxed';
  const kinds = [
    {
      name: 'packed4',
      format: format4,
      shapes: relaxed ? shapes('packed4', 12, [12, 2, 1, 2]) : shapes('packed4', 4, [1, 1, 1, 1]),
    },
    {
      name: 'packed8',
      format: format8,
      shapes: relaxed ? shapes('packed8', 8, [8, 2, 1, 1]) : shapes('packed8', 4, [1, 1, 1, 1]),
    },
  ];
  const texts = kinds.map(
    ({ name, format, shapes: list }) =>
      list.map((s) => kernel(format, s, build)).join('') +
      dispatch(name, list[0]!.streams, format.blockBytes),
  );
  return dotSource(build) + texts.join('');
}
