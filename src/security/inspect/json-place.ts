import type { JsonScalar, JsonVisitor } from '#formats';

/** Follows a reader through a document: knows the key or index of what is read, and of all that it is in. */
export abstract class PlacedVisitor implements JsonVisitor {
  /** Of each open object the key, of each open array the index of what is read. */
  protected readonly path: (string | number)[] = [];

  /** Something is opened that lies at `path`. */
  protected opened?(kind: '{' | '['): void;
  /** What lies at `path` is closed. */
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

  /** Whether `path` is just this. */
  protected isAt(...parts: string[]): boolean {
    return this.path.length === parts.length && parts.every((part, n) => this.path[n] === part);
  }

  /** The place as people write it: `a.b[0].c`. */
  protected get place(): string {
    return this.path
      .map((part, n) => (typeof part === 'number' ? `[${part}]` : n === 0 ? part : `.${part}`))
      .join('');
  }
}
