import { toHex } from '#base';
import { leading, parametersOf, stakeOf, TORCH, validators } from '#ledger';
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
 * Who votes, with what power: the one function that says so, a function of the state. Power is bonded TORCH, of validators with
 * the least bond. Founders have none to bond on a chain that mints nothing before somebody worked, so they are lent
 * `genesisPower` each; for every TORCH that anybody bonds one is taken back from the loan, in equal parts, until nothing is
 * lent. Jailed and tombstoned validators have no power. Costs by `maxValidators` and founders, however many records there are.
 * Ordered by key.
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
