import { globalName, type PickleValue } from '#formats';

type Kinded = Extract<PickleValue, { kind: string }>;
type OfKind<K extends Kinded['kind']> = Kinded extends infer V
  ? V extends { kind: infer N }
    ? K extends N
      ? V & { kind: K }
      : never
    : never
  : never;

/** Whether a value of a pickle is of this kind. */
export function isKind<K extends Kinded['kind']>(
  value: PickleValue | undefined,
  kind: K,
): value is OfKind<K> {
  return typeof value === 'object' && value !== null && value.kind === kind;
}

/** Items of a tuple or list; empty for anything else. */
export const itemsOf = (value: PickleValue | undefined): readonly PickleValue[] =>
  isKind(value, 'tuple') || isKind(value, 'list') ? value.items : [];

/** Entries of a dict or OrderedDict whose keys are strings. */
export function entriesOf(value: PickleValue): [string, PickleValue][] {
  if (isKind(value, 'dict'))
    return value.entries.filter((entry): entry is [string, PickleValue] => typeof entry[0] === 'string');
  if (!isKind(value, 'call') || !isKind(value.callable, 'global')) return [];
  if (globalName(value.callable) !== 'collections.OrderedDict') return [];
  return value.items.flatMap((key, n): [string, PickleValue][] =>
    n % 2 === 0 && typeof key === 'string' ? [[key, value.items[n + 1]!]] : [],
  );
}

/** All persistent ids in a value; visits each object once. */
export function persistentIds(root: PickleValue): PickleValue[] {
  const ids: PickleValue[] = [];
  const seen = new Set<PickleValue>();
  const waiting: (PickleValue | undefined)[] = [root];
  const add = (values: readonly PickleValue[]) => {
    for (const value of values) waiting.push(value);
  };
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    if (value.kind === 'persistent') ids.push(value.id);
    else if (value.kind === 'dict') for (const entry of value.entries) add(entry);
    else if (value.kind === 'call') {
      waiting.push(value.callable, value.args, value.state);
      add(value.items);
    } else if ('items' in value) add(value.items);
  }
  return ids;
}
