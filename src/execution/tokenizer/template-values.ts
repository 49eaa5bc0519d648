/** How large the values of a template are, told without writing them out. */
import { BitorchError } from '#base';

/** A value of the interpreter: `type` names its class, `value` is a string, number, array, Map or function. */
export interface TemplateValue {
  readonly type: string;
  readonly value: unknown;
}

export interface TemplateSize {
  /** Characters of the value as JSON without white space, at most; what is in it more than once counts each time. */
  readonly text: number;
  /** Values inside, at all depths. */
  readonly entries: number;
  readonly depth: number;
}

const MAX_DEPTH = 100;
const MAX_ITEMS = 1 << 16;
/** A number, a boolean, none: in any spelling. */
const SCALAR: TemplateSize = { text: 32, entries: 0, depth: 0 };
/** As text a function is its source. */
const FUNCTION: TemplateSize = { text: 4096, entries: 0, depth: 0 };

export const overLimit = (what: string): BitorchError => new BitorchError('TEMPLATE_LIMIT', what);

export const isText = (value: TemplateValue | undefined): value is TemplateValue & { value: string } =>
  typeof value?.value === 'string';

/** Items of a list or a map; 0 of anything else. */
export function itemsOf(container: TemplateValue | undefined): number {
  const value = container?.value;
  return Array.isArray(value) ? value.length : value instanceof Map ? value.size : 0;
}

/**
 * Measures values. Lists and maps do not change once they are made, so each is looked at once; namespaces do, so they may
 * not lie inside of anything. Throws TEMPLATE_LIMIT for lists of more than 65,536 items and for depth beyond 100.
 */
export class Measure {
  readonly #known = new WeakMap<TemplateValue, TemplateSize>();
  readonly #onValues: (values: number) => void;

  /** `onValues` is told how many values are looked at, before they are. */
  constructor(onValues: (values: number) => void) {
    this.#onValues = onValues;
  }

  /** The package gives no value at all for the first item of an empty list. */
  of(value: TemplateValue | undefined): TemplateSize {
    if (value === undefined) return SCALAR;
    const inner = value.value;
    if (typeof inner === 'string') return { text: inner.length + 2, entries: 0, depth: 0 };
    if (typeof inner === 'function') return FUNCTION;
    if (!Array.isArray(inner) && !(inner instanceof Map)) return SCALAR;
    const known = this.#known.get(value);
    if (known) return known;
    const size = this.#ofContainer(inner);
    if (value.type !== 'NamespaceValue') this.#known.set(value, size);
    return size;
  }

  #ofContainer(inner: readonly TemplateValue[] | ReadonlyMap<string, TemplateValue>): TemplateSize {
    const isMap = inner instanceof Map;
    this.#onValues(isMap ? inner.size : (inner as readonly TemplateValue[]).length);
    const values = isMap ? [...inner.values()] : (inner as readonly TemplateValue[]);
    if (values.length > MAX_ITEMS) throw overLimit(`a list of more than ${MAX_ITEMS} items`);
    let [text, entries, depth] = [2, values.length, 0];
    for (const value of values) {
      if (value.type === 'NamespaceValue') throw overLimit('a namespace inside of a value');
      const size = this.of(value);
      text += size.text + 2;
      entries += size.entries;
      depth = Math.max(depth, size.depth);
    }
    if (isMap) for (const key of inner.keys()) text += key.length + 4;
    if (depth >= MAX_DEPTH) throw overLimit(`values nested deeper than ${MAX_DEPTH}`);
    return { text, entries, depth: depth + 1 };
  }
}
