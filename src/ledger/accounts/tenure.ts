import { accountKind, SINGLE } from '../buckets.ts';
import { amount, type Decoded, integer, list, struct } from '../codec/index.ts';
import { key } from './shapes.ts';

/** Maximum validators counted in an epoch; more than any validator set has. */
export const MAX_TENURES = 2_048;

const tenureCodec = struct({
  key,
  power: integer(),
  /** First height not counted in `served`. */
  since: integer(),
  /** Power × blocks in this epoch, up to `since`. */
  served: amount,
});
export type Tenure = Decoded<typeof tenureCodec>;

/** Voting power over time of each validator in the epoch. Written only when a power changes. */
export const tenureRecord = accountKind(
  12,
  SINGLE,
  struct({ tenures: list(tenureCodec, MAX_TENURES) }),
  () => 0n,
);
