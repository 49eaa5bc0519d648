/** Attributes, items and slices of values, as the sandbox of jinja2 looks them up. */
import { type Budget, refused } from './budget.ts';
import { methodOf } from './methods.ts';
import { keptOrdinary } from './text-guard.ts';
import {
  Callable,
  characters,
  Dict,
  demandDefined,
  Float,
  Group,
  integer,
  LoopState,
  Markup,
  Namespace,
  orElse,
  Range,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.ts';

/** Methods that modify their object; the sandbox makes them undefined. */
const CHANGING: Readonly<Record<string, ReadonlySet<string>>> = {
  list: new Set('append clear pop reverse insert sort extend remove'.split(' ')),
  dict: new Set('clear pop popitem setdefault update'.split(' ')),
};

/** `object.name`: an attribute first, then an item. */
export function attributeOf(object: Value, name: string, budget: Budget): Value {
  return orElse(ownAttribute(object, name, budget), () =>
    orElse(itemOf(object, name, budget), () => absent(object, name)),
  );
}

/** `object[key]`: an item first, then an attribute. */
export function memberOf(object: Value, key: Value, budget: Budget): Value {
  const item = itemOf(object, key, budget);
  if (item !== undefined) return item;
  const name = typeof key === 'string' ? key : undefined;
  const own = name === undefined ? undefined : ownAttribute(object, name, budget);
  return orElse(own, () => absent(object, name ?? 'item'));
}

function absent(object: Value, name: string): Undefined {
  return new Undefined(`'${typeName(object)}' has no '${name}'`);
}

function ownAttribute(object: Value, name: string, budget: Budget): Value | undefined {
  const error = demandDefined(object);
  if (error) throw error;
  if (name.startsWith('_')) return new Undefined(`access to attribute '${name}' is unsafe`);
  if (object instanceof Namespace) return object.attributes.get(name);
  if (object instanceof LoopState) return object.attribute(name);
  if (object instanceof Group && (name === 'grouper' || name === 'list'))
    return object.items[name === 'list' ? 1 : 0];
  if (CHANGING[typeName(object)]?.has(name)) return new Undefined(`access to attribute '${name}' is unsafe`);
  if (object instanceof Callable) throw refused(`the attribute ${name} of a function`);
  return methodOf(object, name, budget);
}

function itemOf(object: Value, key: Value, budget: Budget): Value | undefined {
  const error = demandDefined(object);
  if (error) throw error;
  if (object instanceof Dict)
    return key instanceof Undefined || Array.isArray(key) || key instanceof Dict
      ? undefined
      : object.get(key);
  if (typeof key === 'boolean') return itemOf(object, Number(key), budget);
  if (typeof key !== 'number') return undefined;
  if (Array.isArray(object)) return object.at(key) as Value | undefined;
  if (object instanceof Tuple) return object.items.at(key);
  if (object instanceof Range) {
    const at = key < 0 ? key + object.length : key;
    return at >= 0 && at < object.length ? object.at(at) : undefined;
  }
  if (typeof object === 'string') {
    // Templates ask mostly for the first and the last characters.
    if (key === 0 && object !== '') return String.fromCodePoint(object.codePointAt(0)!);
    return characters(object, budget).at(key);
  }
  if (object instanceof Markup) throw refused('a character of escaped HTML');
  return undefined;
}

/** `object[start:stop:step]`. */
export function sliceOf(
  object: Value,
  bounds: { start: Value; stop: Value; step: Value },
  budget: Budget,
): Value {
  const error = demandDefined(object);
  if (error) throw error;
  if (object instanceof Markup) throw refused('a slice of escaped HTML');
  if (object instanceof Range) throw refused('a slice of a range');
  const items =
    typeof object === 'string' ? characters(object, budget) : object instanceof Tuple ? object.items : object;
  if (!Array.isArray(items)) throw refused(`'${typeName(object)}' object is not subscriptable`);
  const cut = cutOut(items as readonly Value[], bounds, budget);
  if (typeof object === 'string')
    return keptOrdinary(budget.guard, 'slice', (cut as string[]).join(''), [object]);
  return object instanceof Tuple ? new Tuple(cut) : cut;
}

function cutOut(
  items: readonly Value[],
  { start, stop, step }: { start: Value; stop: Value; step: Value },
  budget: Budget,
): readonly Value[] {
  const by = bound(step) ?? 1;
  if (by === 0) throw refused('slice step cannot be zero');
  const { length } = items;
  const within = (value: number, low: number, high: number) =>
    Math.min(Math.max(value < 0 ? value + length : value, low), high);
  const [low, high] = by > 0 ? [0, length] : [-1, length - 1];
  const from = bound(start);
  const to = bound(stop);
  const first = from === undefined ? (by > 0 ? low : high) : within(from, low, high);
  const last = to === undefined ? (by > 0 ? high : low) : within(to, low, high);
  budget.list(Math.abs(last - first));
  if (by === 1) return items.slice(first, Math.max(first, last));
  const cut: Value[] = [];
  for (let at = first; by > 0 ? at < last : at > last; at += by) cut.push(items[at]!);
  return cut;
}

function bound(value: Value): number | undefined {
  if (value === null) return undefined;
  if (typeof value === 'boolean') return Number(value);
  if (value instanceof Float || typeof value !== 'number')
    throw refused('slice indices must be integers or None');
  return integer(value);
}
