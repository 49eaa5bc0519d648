// Repacks stored tensors into tiles of eight rows (arithmetic.md, "Weights"). The layout of tiles is described in packed.ts.

const INFINITE: i32 = 0x7c00;

@inline function finite(half: i32): bool { return (half & INFINITE) != INFINITE; }

/**
 * Repacks 8 rows of Q4_1 (`minima`) or Q4_0, whose minimum is -8·d, into a tile. False when a scale is not finite.
 *
 * rows: 8 × blocks × 20 (Q4_1) or 18 (Q4_0) bytes; tile: blocks × 160 bytes.
 */
export function repack4(rows: usize, tile: usize, blocks: i32, minima: bool): bool {
  const blockBytes: usize = minima ? 20 : 18, head: usize = minima ? 4 : 2;
  for (let r: usize = 0; r < 8; r++) {
    const column = ((r >> 2) << 4) + ((r & 3) << 2);
    for (let b = 0; b < blocks; b++) {
      const to = tile + <usize>b * 160, d = <i32>load<u16>(rows), m = minima ? <i32>load<u16>(rows, 2) : minusEight(d);
      if (!finite(d) || !finite(m)) return false;
      store<u16>(to + (r << 1), d, 128);
      store<u16>(to + (r << 1), m, 144);
      for (let j: usize = 0; j < 4; j++) store<u32>(to + column + (j << 5), load<u32>(rows + head + (j << 2)));
      rows += blockBytes;
    }
  }
  return true;
}

/** Repacks 8 rows of Q8_0 (blocks × 34 bytes each) into a tile (blocks × 272 bytes). False when a scale is not finite. */
export function repack8(rows: usize, tile: usize, blocks: i32): bool {
  for (let r: usize = 0; r < 8; r++) {
    const column = ((r >> 2) << 4) + ((r & 3) << 2);
    for (let b = 0; b < blocks; b++) {
      const to = tile + <usize>b * 272, d = <i32>load<u16>(rows);
      if (!finite(d)) return false;
      store<u16>(to + (r << 1), d, 256);
      for (let j: usize = 0; j < 8; j++) store<u32>(to + column + (j << 5), load<u32>(rows + 2 + (j << 2)));
      rows += 34;
    }
  }
  return true;
}

/**
 * Quantises f32 to Q8_0. False when a value is not finite or its block's scale exceeds f16.
 *
 * x: blocks × 32 f32; out: blocks × 34 bytes (f16 scale, 32 int8).
 */
export function blockFloats(x: usize, out: usize, blocks: i32): bool {
  for (let b = 0; b < blocks; b++) {
    let m: f32 = 0;
    for (let i: usize = 0; i < 128; i += 4) {
      const v = abs<f32>(load<f32>(x + i));
      if (!(v < Infinity)) return false;
      m = max<f32>(m, v);
    }
    const d = toHalf(m / 127);
    if (!finite(d)) return false;
    const scale = fromHalf(d), inverse: f32 = scale > 0 ? <f32>1 / scale : 0;
    store<u16>(out, d);
    for (let i: usize = 0; i < 32; i++) {
      const q = nearest<f32>(load<f32>(x + (i << 2)) * inverse);
      store<i8>(out + 2 + i, <i8>max<f32>(-127, min<f32>(127, q)));
    }
    x += 128;
    out += 34;
  }
  return true;
}

/** Converts f16 to f32. x: count f16; out: count f32. */
export function widenHalf(x: usize, out: usize, count: i32): void {
  for (let i: usize = 0; i < <usize>count; i++) store<f32>(out + (i << 2), fromHalf(load<u16>(x + (i << 1))));
}

/** Converts bf16 to f32. x: count bf16; out: count f32. */
export function widenBrain(x: usize, out: usize, count: i32): void {
  for (let i: usize = 0; i < <usize>count; i++) store<u32>(out + (i << 2), <u32>load<u16>(x + (i << 1)) << 16);
}

/** Converts f16 bits to f32, exactly. */
function fromHalf(half: i32): f32 {
  const exponent = (half >> 10) & 31, fraction = half & 1023, sign = <u32>(half & 0x8000) << 16;
  if (exponent == 31) return reinterpret<f32>(sign | 0x7f800000 | <u32>(fraction << 13));
  const f = <f32>(exponent == 0 ? fraction : fraction + 1024) * reinterpret<f32>(<u32>(max(exponent, 1) + 102) << 23);
  return sign ? -f : f;
}

/** Bits of the nearest f16, half to even, for x ≥ 0. */
function toHalf(x: f32): i32 {
  if (x >= 65520) return INFINITE;
  // adding a power of two whose last place equals the f16's last place rounds to it, half to even
  const exponent = max<i32>(<i32>(reinterpret<u32>(x) >> 23), 113);
  const anchor = reinterpret<f32>(<u32>(exponent + 13) << 23);
  const fraction = <i32>(reinterpret<u32>(x + anchor) - reinterpret<u32>(anchor));
  return ((exponent - 113) << 10) + fraction;
}

/** Bits of -8 · d in f16, exact; infinity when out of range. */
function minusEight(d: i32): i32 {
  const magnitude = d & 0x7fff;
  if (magnitude == 0) return d ^ 0x8000;
  if (magnitude >= 0x7000) return INFINITE;
  const eight = magnitude >= 0x0400 ? magnitude + 0x0c00 : toHalf(fromHalf(magnitude) * 8);
  return eight | ((d ^ 0x8000) & 0x8000);
}
