import type { JsonScalar, JsonVisitor } from '#formats';

/** A visitor that knows its position in the document: the keys and indexes of the current value and its ancestors. */
export abstract class PositionedVisitor implements JsonVisitor {
  /** For each open object the current key, for each open array the current index. */
  protected readonly path: (string | number)[] = [];

  /** Called when the object or array at `path` opens. */
  protected opened?(kind: '{' | '['): void;
  /** Called when the object or array at `path` closes. */
  protected closed?(): void;
  protected abstract scalar(value: JsonScalar): void;

  open(kind: '{' | '['): void {
    this.#step();
    this.opened?.(kind);
    this.path.push(kind === '{' ? '' : -1);
  }

  close(): void {
    this.path.pop();
    this.closed?.();
  }

  key(name: string): void {
    this.path[this.path.length - 1] = name;
  }

  value(value: JsonScalar): void {
    this.#step();
    this.scalar(value);
  }

  #step(): void {
    const last = this.path.length - 1;
    if (typeof this.path[last] === 'number') (this.path[last] as number)++;
  }

  /** Whether `path` equals these keys. */
  protected isAt(...parts: string[]): boolean {
    return this.path.length === parts.length && parts.every((part, n) => this.path[n] === part);
  }

  /** The position in readable form: `a.b[0].c`. */
  protected get place(): string {
    return this.path
      .map((part, n) => (typeof part === 'number' ? `[${part}]` : n === 0 ? part : `.${part}`))
      .join('');
  }
}
