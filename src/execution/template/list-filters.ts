import { type Budget, refused } from './budget.ts';
import { memberOf } from './members.ts';
import type { Args } from './method.ts';
import {
  compare,
  Dict,
  demandDefined,
  equal,
  Group,
  iterate,
  listOf,
  textIn,
  truth,
  typeName,
  Undefined,
  type Value,
} from './values.ts';

/** Filters on lists that look at an attribute of each item. */
export const flag = (value: Value | undefined, otherwise = false): boolean =>
  value === undefined ? otherwise : truth(value);

export function count(value: Value | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (typeof value === 'boolean') return Number(value);
  if (typeof value !== 'number')
    throw demandDefined(value) ?? refused(`${typeName(value)} where a number should be`);
  return value;
}

export type Getter = (item: Value) => Value;

/** The attribute "a.b.0" of an item. */
export function getterOf(
  attribute: Value | undefined,
  budget: Budget,
  otherwise: Value | undefined = undefined,
): Getter {
  const parts = attributeParts(attribute);
  return (item) => {
    let value = item;
    for (const part of parts) {
      budget.items(1);
      value = memberOf(value, part, budget);
      if (otherwise !== undefined && otherwise !== null && value instanceof Undefined) value = otherwise;
    }
    return value;
  };
}

function attributeParts(attribute: Value | undefined): Value[] {
  if (attribute === undefined || attribute === null) return [];
  if (typeof attribute === 'number') return [attribute];
  const path = textIn(attribute);
  if (path === undefined)
    throw demandDefined(attribute) ?? refused(`an attribute that is a ${typeName(attribute)}`);
  return path.split('.').map((part) => (/^[0-9]+$/.test(part) ? Number(part) : part));
}

const ignoreCase = (value: Value): Value => textIn(value)?.toLowerCase() ?? value;

export const keyedBy = (getter: Getter, caseSensitive: boolean): Getter =>
  caseSensitive ? getter : (item) => ignoreCase(getter(item));

/** A stable sort by keys; each comparison is charged. */
export function sorted(items: readonly Value[], key: Getter, reverse: boolean, budget: Budget): Value[] {
  budget.list(items.length);
  const keyed = items.map((item) => ({ item, key: key(item) }));
  const order = (a: { key: Value }, b: { key: Value }): number => {
    budget.items(1);
    return compare(a.key, b.key, budget);
  };
  if (keyed.length < 2) return [...items];
  return (reverse ? keyed.sort((a, b) => order(b, a)) : keyed.sort(order)).map(({ item }) => item);
}

export function* unique(value: Value, key: Getter, budget: Budget): globalThis.Generator<Value, void> {
  const seen = new Dict();
  for (const item of iterate(value, budget)) {
    const own = key(item);
    if (own instanceof Undefined) throw refused('unique items that are undefined');
    if (seen.has(own)) continue;
    seen.set(own, null);
    yield item;
  }
}

export function extreme(value: Value, args: Args, sign: 1 | -1, budget: Budget): Value {
  const [caseSensitive, attribute] = args;
  const key = keyedBy(getterOf(attribute, budget), flag(caseSensitive));
  let best: { item: Value; key: Value } | undefined;
  for (const item of iterate(value, budget)) {
    const own = key(item);
    if (!best || sign * compare(own, best.key, budget) > 0) best = { item, key: own };
  }
  return best ? best.item : new Undefined('No aggregated item, sequence was empty.');
}

export function groupBy(value: Value, [attribute, otherwise, caseSensitive]: Args, budget: Budget): Value {
  const plain = getterOf(attribute, budget, otherwise);
  const key = keyedBy(plain, flag(caseSensitive));
  const groups: { key: Value; items: Value[] }[] = [];
  for (const item of sorted(listOf(value, budget), key, false, budget)) {
    const own = key(item);
    const last = groups.at(-1);
    if (last && equal(last.key, own, budget)) last.items.push(item);
    else groups.push({ key: own, items: [item] });
  }
  return groups.map(({ items }) => new Group(plain(items[0]!), items));
}
