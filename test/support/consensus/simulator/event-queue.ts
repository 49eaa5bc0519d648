interface Entry {
  readonly time: number;
  readonly order: number;
  readonly run: () => void;
}

/** What happens when, on a virtual clock: a binary heap; at one time, in the order of scheduling. */
export class EventQueue {
  readonly #heap: Entry[] = [];
  #order = 0;
  now = 0;

  get size(): number {
    return this.#heap.length;
  }

  after(delay: number, run: () => void): void {
    const heap = this.#heap;
    let at = heap.length;
    const entry = { time: this.now + delay, order: this.#order++, run };
    heap.push(entry);
    for (let up = (at - 1) >> 1; at > 0 && isBefore(entry, heap[up]!); up = (at - 1) >> 1) {
      heap[at] = heap[up]!;
      at = up;
    }
    heap[at] = entry;
  }

  /** Runs the next event; false when there is none. */
  step(): boolean {
    const heap = this.#heap;
    const first = heap[0];
    if (!first) return false;
    const last = heap.pop()!;
    if (heap.length > 0) this.#sink(last);
    this.now = first.time;
    first.run();
    return true;
  }

  #sink(entry: Entry): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, entry)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = entry;
  }
}

const isBefore = (a: Entry, b: Entry): boolean => a.time < b.time || (a.time === b.time && a.order < b.order);
