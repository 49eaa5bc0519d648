import { invalid } from './errors.ts';
import { type JsonLimits, JsonReader, type JsonScalar, type JsonVisitor } from './json-reader.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * Parses a whole document as strictly as JsonReader. Throws FORMAT_INVALID, which names `what` and the position.
 */
export function parseJson(
  bytes: Uint8Array,
  what: string,
  { maxBytes = 64 << 20, ...limits }: JsonLimits & { maxBytes?: number } = {},
): Json {
  if (bytes.length > maxBytes)
    throw invalid(`${what} has ${bytes.length} bytes, over the limit of ${maxBytes}`);
  const tree = new JsonTree();
  const reader = new JsonReader(what, tree, limits);
  reader.write(bytes);
  reader.end();
  return tree.root;
}

/** Visitor that builds the document, or the part of it that is forwarded. */
export class JsonTree implements JsonVisitor {
  readonly #open: (Json[] | { [key: string]: Json })[] = [];
  readonly #keys: string[] = [];
  root: Json = null;

  open(kind: '{' | '['): void {
    const container = kind === '{' ? {} : [];
    this.#add(container);
    this.#open.push(container);
  }

  close(): void {
    this.#open.pop();
  }

  key(name: string): void {
    this.#keys[this.#open.length] = name;
  }

  value(value: JsonScalar): void {
    this.#add(value);
  }

  #add(value: Json): void {
    const parent = this.#open.at(-1);
    if (!parent) this.root = value;
    else if (Array.isArray(parent)) parent.push(value);
    else {
      const key = this.#keys[this.#open.length]!;
      if (key === '__proto__') {
        Object.defineProperty(parent, key, { value, enumerable: true, writable: true, configurable: true });
      } else parent[key] = value;
    }
  }
}
