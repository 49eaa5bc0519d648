import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '#base';
import type { Transfer } from './transfers.ts';

/** Milliseconds that Monero's verification takes: one ring signature, one range proof, each of 64 range proofs. */
export interface MoneroTimes {
  readonly clsag: number;
  readonly range: number;
  readonly rangeOf64: number;
}

/**
 * As it was measured once (commit 0aa9c51b, gcc 12 -O3) in multiples of the time that sodium-native's scalar
 * multiplication took on the same machine at the same time: 5.18, 7.43 and 0.80 ms beside 0.117 ms.
 */
export const scaledMonero = (sodiumMs: number): MoneroTimes => ({
  clsag: (5.18 / 0.117) * sodiumMs,
  range: (7.43 / 0.117) * sodiumMs,
  rangeOf64: (0.8 / 0.117) * sodiumMs,
});

/** Has the program that bench/peers/monero/build.sh made verify our transfer, and fails when it refuses it. */
export function measureMonero(program: string, { inputs, ranges }: Transfer, seconds: number): MoneroTimes {
  const { statement, signature, keyImage } = inputs[0]!;
  const { proof, commitments } = ranges;
  const fields = [
    statement.message,
    statement.pseudoOut,
    ...statement.ring.flatMap(({ key, commitment }) => [key, commitment]),
    ...signature.scalars,
    signature.challenge,
    signature.commitmentImage,
    keyImage,
    ...commitments,
    ...[proof.a, proof.a1, proof.b, proof.r1, proof.s1, proof.d1],
    ...[...proof.left, ...proof.right],
  ];
  const directory = mkdtempSync(join(tmpdir(), 'bitorch-monero-'));
  try {
    const path = join(directory, 'transfer');
    writeFileSync(path, fields.map((field) => `${toHex(field)}\n`).join(''));
    return JSON.parse(execFileSync(program, [path, `${seconds}`], { encoding: 'utf8' }));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
