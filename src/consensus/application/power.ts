import { toHex } from '#base';
import { TORCH, validators } from '#ledger';
import type { ReadView } from '#store';
import type { ValidatorPower } from './application.ts';

export interface PowerRules {
  /** The validators of the genesis. */
  readonly founders: readonly Uint8Array[];
  /** TORCH that each of them counts for as long as nobody has bonded. */
  readonly genesisPower: number;
  readonly maxValidators: number;
}

/**
 * Who votes, with what power: the one function that says so, a function of the state. Power is bonded TORCH. Founders
 * have none to bond on a chain that mints nothing before somebody worked, so they are lent `genesisPower` each; for
 * every TORCH that anybody bonds one is taken back from the loan, in equal parts, until nothing is lent. Jailed and
 * tombstoned validators have no power. Ordered by key.
 */
export function powerOf(
  view: ReadView,
  { founders, genesisPower, maxValidators }: PowerRules,
): ValidatorPower[] {
  const able = [...validators.bucket.entries(view)].filter(
    ([, { jailedUntil, tombstoned }]) => jailedUntil === 0 && tombstoned === 0,
  );
  const bonded = able.map(([key, { tokens }]) => ({ key, bond: tokens / TORCH }));
  const number = BigInt(founders.length);
  const unlent = bonded.reduce((left, { bond }) => left - bond, number * BigInt(genesisPower));
  const loan = unlent > 0n ? unlent / number : 0n;
  const lent = new Set(founders.map(toHex));
  const powers = bonded
    .map(({ key, bond }) => ({ key, power: Number(bond + (lent.has(toHex(key)) ? loan : 0n)) }))
    .filter(({ power }) => power > 0);
  powers.sort((a, b) => b.power - a.power || Buffer.compare(a.key, b.key));
  return powers.slice(0, maxValidators).sort(byKey);
}

/** What turns one set into another. Both ordered by key, and so is the result. */
export function updatesBetween(
  before: readonly ValidatorPower[],
  after: readonly ValidatorPower[],
): ValidatorPower[] {
  const had = new Map(before.map(({ key, power }) => [toHex(key), power]));
  const has = new Set(after.map(({ key }) => toHex(key)));
  const gone = before.filter(({ key }) => !has.has(toHex(key))).map(({ key }) => ({ key, power: 0 }));
  const changed = after.filter(({ key, power }) => had.get(toHex(key)) !== power);
  return [...gone, ...changed].sort(byKey);
}

const byKey = (a: ValidatorPower, b: ValidatorPower): number => Buffer.compare(a.key, b.key);
