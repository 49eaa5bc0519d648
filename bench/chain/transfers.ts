import { readFileSync, writeFileSync } from 'node:fs';
import { fromHex, toHex } from '#base';

/** Signing takes far longer than what is measured, so signed transfers are kept in a file: one a line, in hexadecimal. */
export function writeTransfers(path: string, transfers: readonly Uint8Array[]): void {
  writeFileSync(path, transfers.map((bytes) => `${toHex(bytes)}\n`).join(''));
}

export const readTransfers = (path: string): Uint8Array[] =>
  readFileSync(path, 'utf8').trimEnd().split('\n').map(fromHex);
