import { bytesOf, domainHash, sha256 } from '#base';

/** sha256 of each row's bytes as they cross the wire: floats [rows, width] → rows hashes. */
export function rowHashes(states: Float32Array, rows: number): Uint8Array[] {
  const bytes = bytesOf(states);
  const size = bytes.length / rows;
  return Array.from({ length: rows }, (_, row) => sha256(bytes.subarray(row * size, (row + 1) * size)));
}

/** The hash that stands for consecutive rows: domainHash("rows", row hash ‖ row hash ‖ …). */
export const chunkHash = (hashes: readonly Uint8Array[]): Uint8Array => domainHash('rows', ...hashes);
