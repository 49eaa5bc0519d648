import { bytesOf, domainHash, sha256 } from '#base';

/** SHA-256 of each row's bytes as sent on the wire. states: rows × width f32; returns `rows` hashes of 32 bytes. */
export function rowHashes(states: Float32Array, rows: number): Uint8Array[] {
  const bytes = bytesOf(states);
  const size = bytes.length / rows;
  return Array.from({ length: rows }, (_, row) => sha256(bytes.subarray(row * size, (row + 1) * size)));
}

/** Hash of consecutive rows: domainHash("rows", row hash ‖ row hash ‖ …). */
export const chunkHash = (hashes: readonly Uint8Array[]): Uint8Array => domainHash('rows', ...hashes);
