// Selects the matrix kernel. Every choice produces the same bits.
import { FORMAT4 } from './activation.as';
import { packed4, packed8 } from './packed.as';
import { WIDE } from './parameters.as';
import { unpack4, unpack8, unpacked4, unpacked8 } from './unpacked.as';

const UNPACKED_BYTES: i32 = 100_000;

/** Number of tiles to unpack at a time: even, 2 to 12, small enough to stay in L2. */
@inline function unpackedTiles(blocks: i32): i32 { return min(12, max(1, UNPACKED_BYTES / (blocks * 640)) << 1); }

/**
 * Multiplies activations by tiles [tile, tile + tiles) of a matrix. A tile holds 8 matrix rows.
 *
 * weights: tiles of `blocks` × 160 (FORMAT4) or 272 (FORMAT8) bytes; x: rows × blocks records, `xStride` bytes apart;
 * out: rows × tiles × 8 f32, `outStride` bytes apart; sums: ACCUMULATOR_BYTES; scratch: unpacked tiles. With `unpacking`, tiles
 * (an even number) are unpacked once for all rows; otherwise groups of 4 rows use them packed.
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
  // with several groups of rows, process the matrix in parts that stay in L2 for the next group
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
