/** Prevents text operations of a template from turning ordinary text into control tokens. */
import type { TextGuard } from './budget.ts';
import { Markup, Tuple, type Value } from './values.ts';

/** Operations that join texts with separators of the template. */
const BUILDING: ReadonlySet<string> = new Set(['join', 'format', 'default', 'd']);

/**
 * The result of the filter or method `name`, guarded if it has more control tokens than its arguments: the conversation
 * contained a text that lower(), replace() or a slice turns into one. Control tokens that the template itself writes
 * stay.
 */
export function keptOrdinary(
  guard: TextGuard | undefined,
  name: string,
  result: Value,
  inputs: readonly (Value | undefined)[],
): Value {
  if (!guard || BUILDING.has(name)) return result;
  const before = textsOf(inputs);
  const after = textsOf([result]);
  if (after.every((text) => before.includes(text))) return result;
  const count = (texts: readonly string[]) => texts.reduce((sum, text) => sum + guard.count(text), 0);
  return count(after) > count(before) ? guarded(result, guard) : result;
}

function textsOf(values: readonly (Value | undefined)[]): string[] {
  return values.flatMap((value) => {
    if (typeof value === 'string') return [value];
    if (value instanceof Markup) return [value.text];
    const items = value instanceof Tuple ? value.items : value;
    return Array.isArray(items) ? items.filter((item) => typeof item === 'string') : [];
  });
}

function guarded(value: Value, guard: TextGuard): Value {
  if (typeof value === 'string') return guard.guard(value);
  if (value instanceof Markup) return new Markup(guard.guard(value.text));
  const each = (item: Value) => (typeof item === 'string' ? guard.guard(item) : item);
  if (value instanceof Tuple) return new Tuple(value.items.map(each));
  return Array.isArray(value) ? value.map(each) : value;
}
