import type { WriteView } from '#store';
import { leading } from '../accounts/validator.ts';
import { amount, type Decoded, fixed, integer, list, struct } from '../codec/index.ts';
import { KEY_BYTES } from '../constants.ts';
import { accountKind, SINGLE } from './buckets.ts';

/** Validators of one epoch that are counted; more than any set holds. */
const MAX_TENURES = 2_048;
/** Those that share where consensus says nothing of power. */
const MAX_SHARES = 1_000;

const tenureCodec = struct({
  key: fixed(KEY_BYTES),
  power: integer(),
  /** The first block that is not in `served` yet. */
  since: integer(),
  /** Power times blocks, of this epoch. */
  served: amount,
});
type Tenure = Decoded<typeof tenureCodec>;

/** How long each validator has had which power in the epoch: written when somebody's power changes. */
export const tenureRecord = accountKind(
  12,
  SINGLE,
  struct({ tenures: list(tenureCodec, MAX_TENURES) }),
  () => 0n,
);

/** Who takes part in consensus, and with how much of it. */
export interface Share {
  readonly key: Uint8Array;
  readonly power: number;
}

/** Notes who has which power in a block: without `powers` all that may vote, by what is bonded. */
export function noteTenure(view: WriteView, height: number, powers?: readonly Share[]): void {
  const shares = powers ?? leading(view, MAX_SHARES).map(({ key, torch }) => ({ key, power: torch }));
  const tenures = tenureRecord.bucket.get(view, null)?.tenures ?? [];
  const old = new Map(tenures.map((tenure) => [nameOf(tenure.key), tenure]));
  const now = new Map(shares.map((share) => [nameOf(share.key), share]));
  const isSame =
    tenures.every(({ key, power }) => (now.get(nameOf(key))?.power ?? 0) === power) &&
    shares.every(({ key, power }) => (old.get(nameOf(key))?.power ?? 0) === power);
  if (isSame) return;
  const kept = tenures.map((tenure) => {
    const power = now.get(nameOf(tenure.key))?.power ?? 0;
    return power === tenure.power
      ? tenure
      : { ...tenure, power, since: height, served: servedBy(tenure, height) };
  });
  const begun = shares
    .filter(({ key, power }) => power > 0 && !old.has(nameOf(key)))
    .map(({ key, power }) => ({ key, power, since: height, served: 0n }));
  tenureRecord.bucket.put(view, null, { tenures: longest([...kept, ...begun]) });
}

/** What each has served in the epoch that ends with a block; the next one is counted from nothing. */
export function takeTenures(view: WriteView, height: number): { key: Uint8Array; served: bigint }[] {
  const tenures = tenureRecord.bucket.get(view, null)?.tenures ?? [];
  const next = tenures
    .filter(({ power }) => power > 0)
    .map((tenure) => ({ ...tenure, since: height + 1, served: 0n }));
  tenureRecord.bucket.put(view, null, { tenures: next });
  return tenures.map((tenure) => ({ key: tenure.key, served: servedBy(tenure, height + 1) }));
}

/** Up to a block, without it. */
function servedBy({ power, since, served }: Tenure, height: number): bigint {
  const sum = served + BigInt(power) * BigInt(height - since);
  return sum < MOST ? sum : MOST;
}

const MOST = 2n ** 64n - 1n;

/** Where too many have come and gone in one epoch those that served least are left out. */
function longest(tenures: Tenure[]): Tenure[] {
  if (tenures.length <= MAX_TENURES) return tenures;
  const isPresent = ({ power }: Tenure) => Number(power > 0);
  const byService = (a: Tenure, b: Tenure) => {
    if (isPresent(a) !== isPresent(b)) return isPresent(b) - isPresent(a);
    if (a.served !== b.served) return a.served > b.served ? -1 : 1;
    return Buffer.compare(a.key, b.key);
  };
  return tenures.sort(byService).slice(0, MAX_TENURES);
}

const nameOf = (key: Uint8Array): string => Buffer.from(key).toString('latin1');
