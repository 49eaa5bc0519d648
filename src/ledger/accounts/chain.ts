import type { ReadView } from '#store';
import { accountKind, SINGLE, supplyCodec } from '../buckets.ts';
import { amount, struct } from '../codec/index.ts';
import { type Parameters, parametersCodec } from '../parameters.ts';

/** Records that exist once per chain. */

export const parametersRecord = accountKind(0, SINGLE, parametersCodec, () => 0n);

export const supplyRecord = accountKind(1, SINGLE, supplyCodec, () => 0n);

export const feeCodec = struct({
  /** Base fee of the next block, in sparks per unit of weight. */
  base: amount,
});

export const feeRecord = accountKind(2, SINGLE, feeCodec, () => 0n);

const poolsCodec = struct({ seeding: amount, security: amount, treasury: amount });

/** Minted but not paid out yet, in sparks. */
export const poolsRecord = accountKind(
  3,
  SINGLE,
  poolsCodec,
  ({ seeding, security, treasury }) => seeding + security + treasury,
);

export function parametersOf(view: ReadView): Parameters {
  const parameters = parametersRecord.bucket.get(view, null);
  if (!parameters) throw new Error('the store holds no chain: write a genesis first');
  return parameters;
}
