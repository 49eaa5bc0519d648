/**
 * What an expression of a template can be, as far as it matters where words of the conversation go: an abstract value
 * (Cousot & Cousot, "Abstract interpretation", 1977) that stands for all values which the expression may have.
 */

/**
 * How a value depends on what was said: not at all; it is what was said, white space at its ends aside; each part of it in
 * turn (an item of its list, a character); one part alone; its length; or something made of it that says something else.
 */
const SAID = ['none', 'whole', 'item', 'part', 'size', 'changed'] as const;
export type Said = (typeof SAID)[number];

/** `list`: of texts that were said. */
export type Shape = 'messages' | 'message' | 'namespace' | 'list' | 'other';

export interface FlowValue {
  readonly said: Said;
  readonly shape: Shape;
  /** Whether it depends on the date. */
  readonly dated: boolean;
  /** All texts that it may be or have as items; undefined when they are not known. */
  readonly texts: ReadonlySet<string> | undefined;
  /** By what it was changed, as people read it. */
  readonly change: string;
}

const SHAPES: readonly Shape[] = ['message', 'messages', 'namespace', 'list', 'other'];
const MAX_TEXTS = 64;
const NO_TEXTS: ReadonlySet<string> = new Set();

export const UNKNOWN: FlowValue = {
  said: 'none',
  shape: 'other',
  dated: false,
  texts: undefined,
  change: '',
};
/** true, none, numbers: nothing with letters. */
export const CONSTANT: FlowValue = { ...UNKNOWN, texts: NO_TEXTS };
export const WORDS: FlowValue = { ...UNKNOWN, said: 'whole' };
export const MESSAGES: FlowValue = { ...UNKNOWN, shape: 'messages' };
export const MESSAGE: FlowValue = { ...UNKNOWN, shape: 'message' };

export const text = (value: string): FlowValue => ({ ...UNKNOWN, texts: new Set([value]) });

export const isSaid = ({ said }: FlowValue): boolean => said !== 'none';

/** What is made of a value that was said, in a way that loses or changes something; others stay unknown. */
export function changed(value: FlowValue, change: string): FlowValue {
  if (value.shape === 'messages' || value.shape === 'message') return { ...WORDS, said: 'changed', change };
  if (!isSaid(value)) return { ...value, texts: undefined };
  return { ...value, said: 'changed', texts: undefined, change: value.change || change };
}

/** Messages as one text hold what was said. */
export const asText = (value: FlowValue): FlowValue =>
  value.shape === 'messages' || value.shape === 'message' ? WORDS : { ...value, shape: 'other' };

/** The least value that stands for both: what may have either. */
export function join(a: FlowValue, b: FlowValue): FlowValue {
  if (a === b) return a;
  const [more, less] = SAID.indexOf(a.said) >= SAID.indexOf(b.said) ? [a, b] : [b, a];
  return {
    said: more.said,
    shape: shapeOf(a, b),
    dated: a.dated || b.dated,
    texts: union(a.texts, b.texts),
    change: more.change || less.change,
  };
}

export const joinAll = (values: readonly FlowValue[]): FlowValue =>
  values.length === 0 ? CONSTANT : values.reduce(join);

/** A list of values, as each of them. */
export function listOf(values: readonly FlowValue[]): FlowValue {
  const items = joinAll(values);
  return items.shape === 'other' && isSaid(items) ? { ...items, shape: 'list' } : items;
}

export const sameValue = (a: FlowValue, b: FlowValue): boolean =>
  a.said === b.said &&
  a.shape === b.shape &&
  a.dated === b.dated &&
  a.texts?.size === b.texts?.size &&
  (a.texts === undefined) === (b.texts === undefined);

/** A message where there may be one: whatever else it is, its fields hold words. */
function shapeOf({ shape: a }: FlowValue, { shape: b }: FlowValue): Shape {
  return SHAPES.find((shape) => a === shape || b === shape)!;
}

function union(a: FlowValue['texts'], b: FlowValue['texts']): FlowValue['texts'] {
  if (!a || !b || a.size + b.size > MAX_TEXTS) return undefined;
  return new Set([...a, ...b]);
}

/** The texts that two texts may be together. */
export function concatenated(
  left: ReadonlySet<string>,
  right: ReadonlySet<string>,
): ReadonlySet<string> | undefined {
  if (left.size * right.size > MAX_TEXTS || left.size === 0 || right.size === 0) return undefined;
  const pairs = [...left].flatMap((first) => [...right].map((second) => `${first}${second}`));
  return pairs.every((pair) => pair.length < 256) ? new Set(pairs) : undefined;
}
