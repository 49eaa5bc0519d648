/** Symbolic Python values: enough detail to report the calls that a pickle would make and their arguments. */

/** Stack marker that MARK pushes. */
export const MARK = Symbol('mark');

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickleBytes
  | PickleGlobal
  | PickleCall
  | PickleList
  | PickleDict
  | PicklePersistent
  | PickleUnknown;

export interface PickleBytes {
  kind: 'bytes';
  /** The first bytes. */
  head: Uint8Array;
  offset: number;
  length: number;
}

/** A class or function that would be imported. */
export interface PickleGlobal {
  kind: 'global';
  module: string;
  name: string;
}

/** The result of a call: an object. */
export interface PickleCall {
  kind: 'call';
  callable: PickleValue;
  args: PickleValue;
  /** State that BUILD set, if any. */
  state?: PickleValue;
  /** Items added to it: values, or alternating keys and values. */
  items: PickleValue[];
}

export interface PickleList {
  kind: 'list' | 'tuple' | 'set' | 'frozenset';
  /** The first items. */
  items: PickleValue[];
  /** Number of all items. */
  count: number;
}

export interface PickleDict {
  kind: 'dict';
  entries: [PickleValue, PickleValue][];
  count: number;
}

export interface PicklePersistent {
  kind: 'persistent';
  id: PickleValue;
}

/** A value that only execution would produce, such as an out-of-band buffer. */
export interface PickleUnknown {
  kind: 'unknown';
  what: string;
}

/** Items of a container that are kept when a pickle is only inspected. */
export const KEPT_ITEMS = 64;

export const globalName = ({ module, name }: PickleGlobal): string => `${module}.${name}`;

/** Formats a value in Python syntax, truncated after a few levels and characters. */
function showValue(value: PickleValue, depth = 0): string {
  if (value === null) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'string') return quote(value);
  if (typeof value !== 'object') return String(value);
  if (depth > 3) return '…';
  const inner = (values: readonly PickleValue[]) => shorten(values, (item) => showValue(item, depth + 1));
  switch (value.kind) {
    case 'bytes':
      return `b${quote(Buffer.from(value.head).toString('latin1'))}`;
    case 'global':
      return globalName(value);
    case 'call':
      return showCall(value, depth);
    case 'persistent':
      return `persistent(${showValue(value.id, depth + 1)})`;
    case 'unknown':
      return value.what;
    case 'dict':
      return `{${shorten(value.entries, ([k, v]) => `${showValue(k, depth + 1)}: ${showValue(v, depth + 1)}`)}}`;
    case 'list':
      return `[${inner(value.items)}]`;
    case 'tuple':
      return `(${inner(value.items)}${value.count === 1 ? ',' : ''})`;
    default:
      return `${value.kind}(${inner(value.items)})`;
  }
}

/** Formats a call in Python syntax. */
export function showCall({ callable, args }: Pick<PickleCall, 'callable' | 'args'>, depth = 0): string {
  const list = typeof args === 'object' && args !== null && args.kind === 'tuple' ? args.items : undefined;
  const inside = list
    ? shorten(list, (item) => showValue(item, depth + 1))
    : `*${showValue(args, depth + 1)}`;
  return `${showValue(callable, depth + 1)}(${inside})`;
}

const SHOWN = 6;

/** Formats the first items only. Lists may contain themselves, so the others must not be visited. */
function shorten<T>(items: readonly T[], show: (item: T) => string): string {
  const shown = items.slice(0, SHOWN).map(show);
  return (items.length > SHOWN ? [...shown, '…'] : shown).join(', ');
}

const quote = (text: string): string => (text.length > 100 ? `'${text.slice(0, 100)}…'` : `'${text}'`);
