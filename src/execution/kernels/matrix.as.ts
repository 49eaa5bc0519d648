// Which matrix kernel runs when; every choice gives the same bits.
import { FORMAT4 } from './activation.as';
import { packed4, packed8 } from './packed.as';
import { WIDE } from './parameters.as';
import { unpack4, unpack8, unpacked4, unpacked8 } from './unpacked.as';

const UNPACKED_BYTES: i32 = 100_000;

/** Tiles that are unpacked at a time: an even number that stays in L2, 2 … 12. */
@inline function unpackedTiles(blocks: i32): i32 { return min(12, max(1, UNPACKED_BYTES / (blocks * 640)) << 1); }

/**
 * Rows × `tiles` tiles of a matrix from tile `tile` on. `x`: records; tile `tile` is written at `out`. With
 * `unpacking`, tiles (an even number) are unpacked for all rows at once; else groups of 4 rows use them packed.
 */
export function multiply(
  format: i32, weights: usize, tile: i32, tiles: i32, blocks: i32, x: usize, xStride: usize, out: usize, outStride: usize,
  rows: i32, sums: usize, scratch: usize, unpacking: bool,
): void {
  const tileBytes = <usize>blocks * (format == FORMAT4 ? 160 : 272);
  let w = weights + <usize>tile * tileBytes;
  if (unpacking) {
    const most = unpackedTiles(blocks), wide = load<i32>(WIDE) != 0;
    for (let i = 0; i < tiles; i += most) {
      const n = min(most, tiles - i);
      if (format == FORMAT4) unpack4(w, scratch, n, blocks);
      else unpack8(w, scratch, n, blocks);
      for (let k = 0; k < n; k += 2) {
        if (format == FORMAT4) unpacked4(scratch + <usize>k * <usize>blocks * 320, x, xStride, out, outStride, blocks, rows, wide);
        else unpacked8(scratch + <usize>k * <usize>blocks * 288, x, xStride, out, outStride, blocks, rows, wide);
        out += 64;
      }
      w += <usize>n * tileBytes;
    }
    return;
  }
  // more than one group of rows: walk the matrix in parts that stay in L2 for the next group
  const most = rows <= 4 ? tiles : max(32, <i32>(<usize>400_000 / tileBytes));
  for (let i = 0; i < tiles; i += most) {
    const n = min(most, tiles - i);
    for (let t = 0; t < rows; t += 4) {
      const xt = x + <usize>t * xStride, to = out + <usize>t * outStride, group = min(4, rows - t);
      if (format == FORMAT4) packed4(w, xt, xStride, to, outStride, n, blocks, group, sums);
      else packed8(w, xt, xStride, to, outStride, n, blocks, group, sums);
    }
    w += <usize>n * tileBytes;
    out += <usize>n << 5;
  }
}
