import { toHex } from '#base';
import { leading, parametersOf, stakeOf, TORCH, validators } from '#ledger';
import type { ReadView } from '#store';
import type { ValidatorPower } from './application.ts';

export interface PowerRules {
  /** Validators of the genesis. */
  readonly founders: readonly Uint8Array[];
  /** TORCH that each of them counts for while nobody has bonded. */
  readonly genesisPower: number;
  readonly maxValidators: number;
}

/**
 * The voting power of the validators: a function of the state only, and the only one that computes it. Power is
 * bonded TORCH of validators with at least the minimum bond. A chain that mints nothing before work is done has no
 * coins that founders could bond, so each is lent `genesisPower`; every TORCH that anybody bonds reduces the loans
 * by one, in equal parts, until nothing is lent. Jailed and tombstoned validators have no power. Time is
 * O(`maxValidators` + founders), however many records there are. Ordered by key.
 */
export function powerOf(view: ReadView, rules: PowerRules): ValidatorPower[] {
  const { founders, genesisPower, maxValidators } = rules;
  const least = parametersOf(view).leastBond;
  const able = founders.flatMap((key) => {
    const founder = validators.bucket.get(view, key);
    const isAble = founder && founder.jailedUntil === 0 && founder.tombstoned === 0;
    return isAble ? [{ key, bond: founder.tokens / TORCH, isStanding: founder.tokens >= least }] : [];
  });
  const young = able.filter(({ isStanding }) => !isStanding).reduce((sum, { bond }) => sum + bond, 0n);
  const number = BigInt(founders.length);
  const unlent = number * BigInt(genesisPower) - BigInt(stakeOf(view).standing) - young;
  const loan = unlent > 0n ? unlent / number : 0n;
  const isFounder = new Set(founders.map(toHex));
  const others = leading(view, maxValidators).filter(({ key }) => !isFounder.has(toHex(key)));
  const lent = able.map(({ key, bond }) => ({ key, power: Number(bond + loan) }));
  return [...lent, ...others.map(({ key, torch }) => ({ key, power: torch }))]
    .filter(({ power }) => power > 0)
    .sort((a, b) => b.power - a.power || byKey(a, b))
    .slice(0, maxValidators)
    .sort(byKey);
}

/** The changes that turn one set into another. Inputs and result are ordered by key. */
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
