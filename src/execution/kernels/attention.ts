import { constant } from './constants.ts';
import { type Build, dot, dotSource } from './dot.ts';
import { exponential } from './exponential.ts';
import { halves, repeat } from './text.ts';

/**
 * Attention in integer arithmetic, so that results do not depend on the order of summation (docs/protocol/arithmetic.md,
 * "Attention").
 *
 * A *head cache* holds the keys and values of one KV head in one block for `capacity` positions (a multiple of 8):
 *
 *     keys          capacity/8 × headDim/4 × (8 positions × 4 dims) int8
 *     values        headDim/16 × capacity/4 × (16 dims × 4 positions) int8
 *     key scales    capacity f32
 *     key sums      capacity i32, each shifted left by 13
 *     value scales  capacity f32
 *
 * Queries and probabilities are 14-bit integers, stored as a plane of high and a plane of low 7-bit halves.
 */

/**
 * Scores of `heads` query heads that share a KV head, for key blocks [from, to) of 8 positions.
 *
 * query: heads × (high plane of dim int8, low plane of dim int8, f32 scale, padding), `queryStride` bytes apart;
 * keys, keyScales, keySums: as in a head cache; out: heads × capacity f32, `outStride` bytes apart.
 */
function scores(build: Build, heads: number): string {
  const step = (j: number) => `{ const k0 = v128.load(p, ${32 * j}), k1 = v128.load(p, ${32 * j + 16});
${repeat(heads, (h) => `{ const q = v128.load_splat<i32>(hi${h}, ${4 * j}); a${h}_0 = ${dot(build, 'k0', 'q', `a${h}_0`)}; a${h}_1 = ${dot(build, 'k1', 'q', `a${h}_1`)}; }`)}
${repeat(heads, (h) => `{ const q = v128.load_splat<i32>(lo${h}, ${4 * j}); b${h}_0 = ${dot(build, 'k0', 'q', `b${h}_0`)}; b${h}_1 = ${dot(build, 'k1', 'q', `b${h}_1`)}; }`)} }`;
  const result = (h: number) =>
    `{ const s = out + ${h} * outStride + at; ${halves(
      (i) =>
        `const y${i} = f32x4.mul(f32x4.convert_i32x4_s(i32x4.sub(i32x4.add(i32x4.shl(a${h}_${i}, 7), b${h}_${i}), z${i})), f32x4.mul(d${i}, scale${h}));`,
    )} v128.store(s, y0); v128.store(s, y1, 16); }`;
  return `
function scores${heads}(query: usize, queryStride: usize, keys: usize, keyScales: usize, keySums: usize, dim: usize, from: usize, to: usize, out: usize, outStride: usize): void {
const zero = i32x4.splat(0);
${repeat(heads, (h) => `const query${h} = query + ${h} * queryStride, scale${h} = v128.load_splat<f32>(query${h} + (dim << 1));`)}
for (let block = from; block < to; block++) {
let p = keys + block * (dim << 3); const end = p + (dim << 3);
${repeat(heads, (h) => `let hi${h} = query${h}, lo${h} = query${h} + dim, a${h}_0 = zero, a${h}_1 = zero, b${h}_0 = zero, b${h}_1 = zero;`)}
for (; p != end; p += 256) {
${repeat(8, step)}
${repeat(heads, (h) => `hi${h} += 32; lo${h} += 32;`)} }
const at = block << 5, ds = keyScales + at, zs = keySums + at;
const d0 = v128.load(ds), d1 = v128.load(ds, 16), z0 = v128.load(zs), z1 = v128.load(zs, 16);
${repeat(heads, result)} } }
`;
}

/**
 * Σ probability · value over `positions` (a multiple of 8) for 32 dims, that is two value planes of 16 dims.
 *
 * planes: heads × (high plane, low plane) of probabilities, int8; heads are `planeStride` bytes apart, the low plane is `low`
 * bytes after the high one; values: the first of the two planes in a head cache; scales: heads f32 from softmax;
 * out: heads × 32 f32, `outStride` bytes apart.
 */
function values(build: Build, heads: number): string {
  const pass = (planes: string) => `p = ${planes}; v = plane; end = p + positions;
for (; p < end; p += 4, v += 64) { ${repeat(heads, (h) => `const q${h} = v128.load_splat<i32>(p + ${h} * planeStride);`)}
${repeat(4, (d) => `{ const w = v128.load(v, ${16 * d}); ${repeat(heads, (h) => `c${h}_${d} = ${dot(build, 'w', `q${h}`, `c${h}_${d}`)};`)} }`)} }`;
  const all = (piece: (h: number, d: number) => string) =>
    repeat(heads, (h) => repeat(4, (d) => piece(h, d)));
  const high = (h: number) =>
    `{ const o = to + ${h} * outStride; ${repeat(4, (d) => `const y${d} = f32x4.convert_i32x4_s(c${h}_${d});`)} ${repeat(4, (d) => `v128.store(o, y${d}, ${16 * d});`)} }`;
  const combined = (h: number) =>
    `{ const o = to + ${h} * outStride, s = v128.load_splat<f32>(scales, ${4 * h}); ${repeat(4, (d) => `const y${d} = f32x4.mul(f32x4.add(f32x4.mul(v128.load(o, ${16 * d}), k128), f32x4.convert_i32x4_s(c${h}_${d})), s);`)} ${repeat(4, (d) => `v128.store(o, y${d}, ${16 * d});`)} }`;
  return `
function values${heads}(planes: usize, planeStride: usize, low: usize, values: usize, capacity: usize, positions: usize, scales: usize, out: usize, outStride: usize): void {
const k128 = f32x4.splat(128), zero = i32x4.splat(0);
for (let half: usize = 0; half < 2; half++) {
const plane = values + half * (capacity << 4), to = out + (half << 6); let p: usize, v: usize, end: usize;
${all((h, d) => `let c${h}_${d} = zero;`)}
${pass('planes')}
${repeat(heads, high)}
${all((h, d) => `c${h}_${d} = zero;`)}
${pass('planes + low')}
${repeat(heads, combined)} } }
`;
}

/**
 * Softmax of one row of scores. Writes probability × value scale as two planes of 7 bits and returns the scale of integer
 * sums over them.
 *
 * scores, valueScales: n f32; high, low: n int8 each; work: n f32 of scratch. All are padded to a multiple of 8.
 */
function softmax(): string {
  const weigh = (
    mask: (half: 0 | 1) => string,
  ) => `const si = scores + i, vi = valueScales + i, wi = work + i;
const x0 = v128.load(si), x1 = v128.load(si, 16);
${halves((h) => exponential(`e${h}`, `f32x4.sub(x${h}, highest)`, h))}
${halves((h) => `const f${h} = ${mask(h) ? `v128.and(e${h}, ${mask(h)})` : `e${h}`}, g${h} = ${mask(h) ? `v128.and(f32x4.mul(f${h}, v128.load(vi, ${16 * h})), ${mask(h)})` : `f32x4.mul(f${h}, v128.load(vi, ${16 * h}))`};`)}
${halves((h) => `sum${h} = f32x4.add(sum${h}, f${h});`)} ${halves((h) => `top${h} = f32x4.pmax(top${h}, g${h});`)}
v128.store(wi, g0); v128.store(wi, g1, 16);`;
  return `
export function softmax(scores: usize, valueScales: usize, n: i32, high: usize, low: usize, work: usize): f32 {
const whole = <usize>(n & ~7) << 2, rest = n & 7, end = <usize>((n + 7) & ~7) << 2, none = f32x4.splat(-Infinity);
const mask0 = i32x4.gt_s(i32x4.splat(rest), i32x4(0, 1, 2, 3)), mask1 = i32x4.gt_s(i32x4.splat(rest), i32x4(4, 5, 6, 7));
let m0 = none, m1 = none, i: usize = 0;
for (; i < whole; i += 32) { const si = scores + i; m0 = f32x4.pmax(m0, v128.load(si)); m1 = f32x4.pmax(m1, v128.load(si, 16)); }
if (rest) { const si = scores + i; m0 = f32x4.pmax(m0, v128.bitselect(v128.load(si), none, mask0)); m1 = f32x4.pmax(m1, v128.bitselect(v128.load(si, 16), none, mask1)); }
const highest = f32x4.splat(maximumOf(f32x4.pmax(m0, m1)));
let sum0 = f32x4.splat(0), sum1 = sum0, top0 = sum0, top1 = sum0;
for (i = 0; i < whole; i += 32) { ${weigh(() => '')} }
if (rest) { ${weigh((h) => `mask${h}`)} }
const sum = sumOf(f32x4.add(sum0, sum1)), top = maximumOf(f32x4.pmax(top0, top1));
const inverse = f32x4.splat(top >= SMALLEST ? <f32>16383 / top : 0), low7 = ${constant('low7')};
for (i = 0; i < end; i += 32) { const wi = work + i; const a = rounded(f32x4.mul(v128.load(wi), inverse)), b = rounded(f32x4.mul(v128.load(wi, 16), inverse));
const h = i16x8.narrow_i32x4_s(i32x4.shr_u(a, 7), i32x4.shr_u(b, 7)), l = i16x8.narrow_i32x4_s(v128.and(a, low7), v128.and(b, low7));
v128.store64_lane(high + (i >> 2), i8x16.narrow_i16x8_u(h, h), 0); v128.store64_lane(low + (i >> 2), i8x16.narrow_i16x8_u(l, l), 0); }
return top / 16383 / sum; }
`;
}

/** out = silu(gate) · up. gate, up, out: bytes / 4 f32, a multiple of 8. */
function gated(): string {
  return `
export function gated(gate: usize, up: usize, out: usize, bytes: usize): void {
for (let i: usize = 0; i < bytes; i += 32) { const gi = gate + i, ui = up + i, oi = out + i;
const g0 = v128.load(gi), g1 = v128.load(gi, 16), u0 = v128.load(ui), u1 = v128.load(ui, 16);
${halves((h) => exponential(`e${h}`, `f32x4.pmin(f32x4.neg(g${h}), ${constant('expHighest', h)})`, h))}
${halves((h) => `const y${h} = f32x4.mul(f32x4.div(g${h}, f32x4.add(${constant('one', h)}, e${h})), u${h});`)}
v128.store(oi, y0); v128.store(oi, y1, 16); } }
`;
}

/** Text of a function that calls the variant for 1–4 heads. */
const dispatch = (name: string, parameters: string): string => {
  const names = [...parameters.matchAll(/(\w+):/g)].map((m) => m[1]).join(', ');
  const cases = [1, 2, 3, 4].map((n) => `if (heads == ${n}) ${name}${n}(${names});`).join('\nelse ');
  return `export function ${name}(heads: i32, ${parameters}): void {\n${cases}\n}\n`;
};

/** AssemblyScript of `scores`, `values` (1–4 heads at once), `softmax` and `gated`. */
export function attentionSource(build: Build): string {
  const heads = [1, 2, 3, 4];
  return [
    "import { SMALLEST, maximumOf, rounded, sumOf } from './vector.as';\n",
    dotSource(build),
    ...heads.map((n) => scores(build, n) + values(build, n)),
    dispatch(
      'scores',
      'query: usize, queryStride: usize, keys: usize, keyScales: usize, keySums: usize, dim: usize, from: usize, to: usize, out: usize, outStride: usize',
    ),
    dispatch(
      'values',
      'planes: usize, planeStride: usize, low: usize, values: usize, capacity: usize, positions: usize, scales: usize, out: usize, outStride: usize',
    ),
    softmax(),
    gated(),
  ].join('');
}
