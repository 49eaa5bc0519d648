import type { BlockRequest } from './wire.ts';

/** Unanswered requests to one peer, by piece and begin. */
export class Outstanding {
  readonly #pieces = new Map<number, Map<number, BlockRequest>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(request: BlockRequest): void {
    const blocks = this.#pieces.get(request.index) ?? new Map<number, BlockRequest>();
    this.#pieces.set(request.index, blocks);
    if (!blocks.has(request.begin)) this.#size++;
    blocks.set(request.begin, request);
  }

  has({ index, begin }: BlockRequest): boolean {
    return this.#pieces.get(index)?.has(begin) ?? false;
  }

  /** Removes exactly this request; returns whether it was outstanding. */
  delete({ index, begin, length }: BlockRequest): boolean {
    const blocks = this.#pieces.get(index);
    if (blocks?.get(begin)?.length !== length) return false;
    blocks.delete(begin);
    if (blocks.size === 0) this.#pieces.delete(index);
    this.#size--;
    return true;
  }

  clear(): void {
    this.#pieces.clear();
    this.#size = 0;
  }
}
