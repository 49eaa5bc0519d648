import { constant } from './constants.ts';
import { type Build, dot, dotSource, halfFloats } from './dot.ts';
import { repeat } from './text.ts';

/**
 * Matrix kernels for many rows of activations. Pairs of tiles are unpacked once into a scratch area that stays in L2, and each
 * group of up to 4 activation rows is multiplied by them.
 *
 * Unpacked pair (16 matrix rows), per block of 32 columns: 8 × (4 × 16 bytes of int8 weights), 16 f32 scales and, in format 4,
 * 16 f32 minima. The constants are the bytes of such a block.
 *
 * w: unpacked pair of `blocks` blocks; x: rows × blocks records, `xStride` bytes apart; out: rows × 16 f32, `outStride` bytes
 * apart.
 */
const PAIR4 = 640;
const PAIR8 = 576;

interface Shape {
  name: string;
  rows: number;
  /** Vectors of 4 matrix rows at once: 4 with 256-bit registers, else 2, because 16 accumulators exceed the 128-bit registers. */
  vectors: 2 | 4;
}

function kernel4(build: Build, { name, rows, vectors }: Shape): string {
  const each = (piece: (v: number) => string) =>
    Array.from({ length: vectors }, (_, v) => piece(v)).join(' ');
  const step = (j: number) => `{ ${each((v) => `const w${v} = v128.load(p, ${64 * j + 16 * v});`)}
${repeat(rows, (t) => `{ const v = v128.load_splat<i32>(x${t}, ${4 * j}); ${each((v) => `c${t}_${v} = ${dot(build, 'v', `w${v}`, `c${t}_${v}`)};`)} }`)} }`;
  const term = (t: number, v: number) =>
    `f32x4.add(f32x4.mul(f32x4.sub(c${t}_${v}, magic${v & 1}), f32x4.mul(v128.load(p, ${512 + 16 * v}), dx)), f32x4.mul(v128.load(p, ${576 + 16 * v}), sx))`;
  return frame(
    name,
    rows,
    vectors,
    PAIR4,
    40,
    `
${repeat(rows, (t) => each((v) => `let c${t}_${v} = magic${v & 1};`))}
${repeat(8, step)}
${repeat(rows, (t) => `{ const dx = v128.load_splat<f32>(x${t}, 32), sx = v128.load_splat<f32>(x${t}, 36); ${each((v) => `a${t}_${v} = f32x4.add(a${t}_${v}, ${term(t, v)});`)} }`)}`,
  );
}

function kernel8(build: Build, { name, rows, vectors }: Shape): string {
  const each = (piece: (v: number) => string) =>
    Array.from({ length: vectors }, (_, v) => piece(v)).join(' ');
  const step = (j: number) => `{ ${each((v) => `const w${v} = v128.load(p, ${64 * j + 16 * v});`)}
${repeat(rows, (t) => `{ const v = v128.load_splat<i32>(x${t}, ${4 * j}), sign = v128.load_splat<i32>(x${t}, ${32 + 4 * j}); ${each((v) => `c${t}_${v} = ${dot(build, `v128.xor(w${v}, sign)`, 'v', `c${t}_${v}`)};`)} }`)} }`;
  const term = (t: number, v: number) =>
    `f32x4.mul(f32x4.sub(c${t}_${v}, magic${v & 1}), f32x4.mul(v128.load(p, ${512 + 16 * v}), dx))`;
  return frame(
    name,
    rows,
    vectors,
    PAIR8,
    72,
    `
${repeat(rows, (t) => `const start${t} = v128.load_splat<i32>(x${t}, 68); ${each((v) => `let c${t}_${v} = start${t};`)}`)}
${repeat(8, step)}
${repeat(rows, (t) => `{ const dx = v128.load_splat<f32>(x${t}, 64); ${each((v) => `a${t}_${v} = f32x4.add(a${t}_${v}, ${term(t, v)});`)} }`)}`,
  );
}

/** Text of a kernel: the loop over blocks of columns around `body`, and the stores. */
function frame(
  name: string,
  rows: number,
  vectors: number,
  pairBytes: number,
  recordBytes: number,
  body: string,
) {
  const each = (piece: (v: number) => string) =>
    Array.from({ length: vectors }, (_, v) => piece(v)).join(' ');
  return `
function ${name}(w: usize, x: usize, xStride: usize, out: usize, outStride: usize, blocks: i32): void {
const zero = f32x4.splat(0), magic0 = ${constant('magic')}, magic1 = ${constant('magic', 1)};
${repeat(rows, (t) => each((v) => `let a${t}_${v} = zero;`))}
let p = w; ${repeat(rows, (t) => `let x${t} = x + ${t} * xStride;`)}
const end = w + <usize>blocks * ${pairBytes};
for (; p != end; ) { ${body}
p += ${pairBytes}; ${repeat(rows, (t) => `x${t} += ${recordBytes};`)} }
${repeat(rows, (t) => `{ const o = out + ${t} * outStride; ${each((v) => `const y${v} = f32x4.mul(a${t}_${v}, ${constant('unscale', (v & 1) as 0 | 1)});`)} ${each((v) => `v128.store(o, y${v}, ${16 * v});`)} }`)}
}
`;
}

/** Text of the function that multiplies one pair of tiles by any number of activation rows. */
function dispatch(name: string): string {
  const call = (rows: string) => `if (wide) ${name}wide${rows}(w, x, xStride, out, outStride, blocks);
else { ${name}narrow${rows}(w, x, xStride, out, outStride, blocks); ${name}narrow${rows}(w + 32, x, xStride, out + 32, outStride, blocks); }`;
  return `
export function ${name}(w: usize, x: usize, xStride: usize, out: usize, outStride: usize, blocks: i32, rows: i32, wide: bool): void {
let t = 0;
for (; t + 4 <= rows; t += 4) { ${call('4')} x += xStride << 2; out += outStride << 2; }
t = rows - t;
${[1, 2, 3].map((n) => `if (t == ${n}) { ${call(String(n))} }`).join('\nelse ')}
}
`;
}

const unpackScales = (offset: number, at: number) =>
  `{ const d0 = ${halfFloats('p', offset, 'half0')}, d1 = ${halfFloats('p', offset + 8, 'half1')}; v128.store(q, d0, ${at}); v128.store(q, d1, ${at + 16}); }`;

/** Text of `unpack4/8(w, scratch, tiles, blocks)`, which unpacks an even number of consecutive tiles into pairs. */
function unpack(name: string, blockBytes: number, pairBytes: number, body: string): string {
  return `
export function ${name}(w: usize, scratch: usize, tiles: i32, blocks: i32): void {
const nibbles0 = ${constant('nibbles')}, nibbles1 = ${constant('nibbles', 1)}, half0 = ${constant('halfFloat')}, half1 = ${constant('halfFloat', 1)};
const tileBytes = <usize>blocks * ${blockBytes}, pair = <usize>blocks * ${pairBytes};
for (let block: usize = 0; block < <usize>blocks; block++) {
let p = w + block * ${blockBytes}, q = scratch + block * ${pairBytes};
for (let i = 0; i < tiles; i++) { ${body}
p += tileBytes; if (i & 1) q += pair - 32; else q += 32; } } }
`;
}

const unpack4 = `${repeat(
  4,
  (j) => `{ const w0 = v128.load(p, ${32 * j}), w1 = v128.load(p, ${32 * j + 16});
const l0 = v128.and(w0, nibbles0), l1 = v128.and(w1, nibbles1), h0 = v128.and(i16x8.shr_u(w0, 4), nibbles0), h1 = v128.and(i16x8.shr_u(w1, 4), nibbles1);
v128.store(q, l0, ${64 * j}); v128.store(q, l1, ${64 * j + 16}); v128.store(q, h0, ${256 + 64 * j}); v128.store(q, h1, ${256 + 64 * j + 16}); }`,
)}
${unpackScales(128, 512)} ${unpackScales(144, 576)}`;

const unpack8 = `${repeat(
  8,
  (j) =>
    `{ const w0 = v128.load(p, ${32 * j}), w1 = v128.load(p, ${32 * j + 16}); v128.store(q, w0, ${64 * j}); v128.store(q, w1, ${64 * j + 16}); }`,
)}
${unpackScales(256, 512)}`;

/** AssemblyScript of `unpack4`, `unpack8`, `unpacked4` and `unpacked8`. */
export function unpackedSource(build: Build): string {
  const sizes = [1, 2, 3, 4].flatMap((rows) => [
    { kind: `wide${rows}`, rows, vectors: 4 as const },
    { kind: `narrow${rows}`, rows, vectors: 2 as const },
  ]);
  return [
    dotSource(build),
    unpack('unpack4', 160, PAIR4, unpack4),
    unpack('unpack8', 272, PAIR8, unpack8),
    ...sizes.map((s) => kernel4(build, { ...s, name: `unpacked4${s.kind}` })),
    ...sizes.map((s) => kernel8(build, { ...s, name: `unpacked8${s.kind}` })),
    dispatch('unpacked4'),
    dispatch('unpacked8'),
  ].join('');
}
