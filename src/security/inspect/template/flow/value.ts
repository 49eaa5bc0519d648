/**
 * Abstract values (Cousot & Cousot, "Abstract interpretation", 1977): each stands for all values that an expression
 * of a template may have, in respect of how they depend on the conversation.
 */

import { isPublished } from '../unusual-text.ts';

/**
 * How a value depends on the conversation text. `none`: not at all; `whole`: it is the text, apart from white space
 * at its ends; `item`: each part of it in turn (an item of a list, a character); `part`: a single part; `size`: its
 * length; `changed`: derived from the text, with another meaning.
 */
const DEPENDENCES = ['none', 'whole', 'item', 'part', 'size', 'changed'] as const;
export type Dependence = (typeof DEPENDENCES)[number];

/** `list`: a list of conversation texts. */
export type Shape = 'messages' | 'message' | 'namespace' | 'list' | 'other';

/** An abstract value. */
export interface FlowValue {
  readonly dependence: Dependence;
  readonly shape: Shape;
  /** Whether it depends on the date. */
  readonly dated: boolean;
  /** All texts that it may be or contain as items; undefined if they are unknown. */
  readonly texts: ReadonlySet<string> | undefined;
  /** The expression that changed it, for the report. */
  readonly change: string;
  /** Whether what was said decides which value it is, beyond whether anything was said. */
  readonly steered: boolean;
  /** Texts of the template in it that no published template writes. */
  readonly words: ReadonlySet<string>;
  /** Those of `words` that are in it because of what was said. */
  readonly chosen: ReadonlySet<string>;
}

const SHAPES: readonly Shape[] = ['message', 'messages', 'namespace', 'list', 'other'];
const MAX_TEXTS = 64;
const NO_TEXTS: ReadonlySet<string> = new Set();

export const UNKNOWN: FlowValue = {
  dependence: 'none',
  shape: 'other',
  dated: false,
  texts: undefined,
  change: '',
  steered: false,
  words: NO_TEXTS,
  chosen: NO_TEXTS,
};
/** true, none, numbers: values without letters. */
export const CONSTANT: FlowValue = { ...UNKNOWN, texts: NO_TEXTS };
export const CONTENT: FlowValue = { ...UNKNOWN, dependence: 'whole' };
export const MESSAGES: FlowValue = { ...UNKNOWN, shape: 'messages' };
export const MESSAGE: FlowValue = { ...UNKNOWN, shape: 'message' };

export const text = (value: string): FlowValue => ({
  ...UNKNOWN,
  texts: new Set([value]),
  words: isPublished(value) ? NO_TEXTS : new Set([value]),
});

/** The value where what was said decided that it is this one. */
export const steered = (value: FlowValue): FlowValue => ({
  ...value,
  steered: true,
  chosen: both(value.chosen, value.words),
});

/** The result of a test: true or false. */
export const outcome = (isSteered: boolean): FlowValue => ({ ...CONSTANT, steered: isSteered });

export const dependsOnContent = ({ dependence }: FlowValue): boolean => dependence !== 'none';

/** The result of an operation that loses or alters conversation text. Other values become unknown. */
export function changed(value: FlowValue, change: string): FlowValue {
  if (value.shape === 'messages' || value.shape === 'message')
    return { ...CONTENT, dependence: 'changed', change, steered: value.steered };
  if (!dependsOnContent(value)) return { ...value, texts: undefined };
  return { ...value, dependence: 'changed', texts: undefined, change: value.change || change };
}

/** The value as text. Messages converted to text contain conversation text. */
export const asText = (value: FlowValue): FlowValue =>
  value.shape === 'messages' || value.shape === 'message' ? CONTENT : { ...value, shape: 'other' };

/** The least upper bound of two values. */
export function join(a: FlowValue, b: FlowValue): FlowValue {
  if (a === b) return a;
  const [more, less] =
    DEPENDENCES.indexOf(a.dependence) >= DEPENDENCES.indexOf(b.dependence) ? [a, b] : [b, a];
  return {
    dependence: more.dependence,
    shape: shapeOf(a, b),
    dated: a.dated || b.dated,
    texts: union(a.texts, b.texts),
    change: more.change || less.change,
    steered: a.steered || b.steered,
    words: both(a.words, b.words),
    chosen: both(a.chosen, b.chosen),
  };
}

export const joinAll = (values: readonly FlowValue[]): FlowValue =>
  values.length === 0 ? CONSTANT : values.reduce(join);

/** A list of values, represented by the join of its items. */
export function listOf(values: readonly FlowValue[]): FlowValue {
  const items = joinAll(values);
  return items.shape === 'other' && dependsOnContent(items) ? { ...items, shape: 'list' } : items;
}

export const sameValue = (a: FlowValue, b: FlowValue): boolean =>
  a.dependence === b.dependence &&
  a.shape === b.shape &&
  a.dated === b.dated &&
  a.texts?.size === b.texts?.size &&
  (a.texts === undefined) === (b.texts === undefined) &&
  a.steered === b.steered &&
  a.words.size === b.words.size &&
  a.chosen.size === b.chosen.size;

/** The union of two sets, which are mostly empty. */
function both(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> {
  if (a.size === 0 || a === b) return b;
  return b.size === 0 ? a : new Set([...a, ...b]);
}

/** A value that may be a message is treated as one: its fields hold conversation text. */
function shapeOf({ shape: a }: FlowValue, { shape: b }: FlowValue): Shape {
  return SHAPES.find((shape) => a === shape || b === shape)!;
}

function union(a: FlowValue['texts'], b: FlowValue['texts']): FlowValue['texts'] {
  if (!a || !b || a.size + b.size > MAX_TEXTS) return undefined;
  return new Set([...a, ...b]);
}

/** All concatenations of a left and a right text; undefined if they are too many or too long. */
export function concatenated(
  left: ReadonlySet<string>,
  right: ReadonlySet<string>,
): ReadonlySet<string> | undefined {
  if (left.size * right.size > MAX_TEXTS || left.size === 0 || right.size === 0) return undefined;
  const pairs = [...left].flatMap((first) => [...right].map((second) => `${first}${second}`));
  return pairs.every((pair) => pair.length < 256) ? new Set(pairs) : undefined;
}
