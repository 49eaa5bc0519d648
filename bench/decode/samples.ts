export type EngineName = 'whole' | 'llama.cpp' | 'split' | 'split without receipts';

/** What was measured: so many threads, a prompt of `length` or steps after it. */
export interface Place {
  readonly threads: number;
  readonly kind: 'prefill' | 'decode';
  readonly length: number;
}

/** Milliseconds by place and engine; the nth values of all engines were taken right after each other. */
export class Samples {
  readonly #values = new Map<string, number[]>();

  add(place: Place, engine: string, milliseconds: number): void {
    const key = keyOf(place, engine);
    this.#values.set(key, [...(this.#values.get(key) ?? []), milliseconds]);
  }

  of(place: Place, engine: EngineName): number[] {
    return this.#values.get(keyOf(place, engine)) ?? [];
  }

  median(place: Place, engine: EngineName): number {
    return median(this.of(place, engine));
  }

  best(place: Place, engine: EngineName): number {
    return Math.min(...this.of(place, engine));
  }

  /** Median of the ratios of neighbours in time: a slow minute of the machine touches both. */
  ratio(places: readonly Place[], engine: EngineName, over: EngineName): number {
    return median(
      places.flatMap((place) => {
        const under = this.of(place, over);
        return this.of(place, engine).map((value, i) => value / under[i]!);
      }),
    );
  }
}

const keyOf = ({ threads, kind, length }: Place, engine: string) => `${threads} ${kind} ${length} ${engine}`;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle) - 1]!) / 2;
}
