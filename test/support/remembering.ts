import type { Executor, Row } from '#execution';

/** Like attention: what comes out at a position depends on everything that went into the session up to it. */
export class Remembering implements Executor {
  readonly hidden = 8;
  readonly slots = 2;
  readonly context = 512;
  readonly first: number;
  readonly end: number;
  readonly #seen = new Map<number, number[]>();

  constructor(first: number, end: number) {
    this.first = first;
    this.end = end;
  }

  async forward(rows: Row[], states: Float32Array): Promise<Float32Array> {
    const out = states.slice();
    for (const [i, { slot, position }] of rows.entries()) {
      const seen = this.#seen.get(slot) ?? [];
      this.#seen.set(slot, seen);
      seen[position] = states[i * this.hidden]! * (position + 1);
      const sum = seen.slice(0, position + 1).reduce((a, b) => a + b, 0) % 1021;
      for (let at = i * this.hidden; at < (i + 1) * this.hidden; at++) out[at]! += sum;
    }
    return out;
  }
}
