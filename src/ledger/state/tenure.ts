import type { WriteView } from '#store';
import { MAX_TENURES, type Tenure, tenureRecord } from '../accounts/tenure.ts';
import { leading } from '../accounts/validator.ts';

/** Maximum validators that share when consensus supplies no powers. */
const MAX_SHARES = 1_000;

/** A validator and its voting power. */
export interface Share {
  readonly key: Uint8Array;
  readonly power: number;
}

/** Records voting power in a block. Without `powers`, all validators that may vote count by bonded TORCH. */
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

/** Service of each validator in the epoch that ends with this block; resets the count for the next epoch. */
export function takeTenures(view: WriteView, height: number): { key: Uint8Array; served: bigint }[] {
  const tenures = tenureRecord.bucket.get(view, null)?.tenures ?? [];
  const next = tenures
    .filter(({ power }) => power > 0)
    .map((tenure) => ({ ...tenure, since: height + 1, served: 0n }));
  tenureRecord.bucket.put(view, null, { tenures: next });
  return tenures.map((tenure) => ({ key: tenure.key, served: servedBy(tenure, height + 1) }));
}

/** Power × blocks up to `height`, exclusive. */
function servedBy({ power, since, served }: Tenure, height: number): bigint {
  const sum = served + BigInt(power) * BigInt(height - since);
  return sum < MOST ? sum : MOST;
}

const MOST = 2n ** 64n - 1n;

/** Keeps the MAX_TENURES that served most; validators with power come first. */
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
