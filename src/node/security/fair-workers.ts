const IDLE_MS = 300;
/** A task that failed is tried again after this long, and twice as long after each failure. */
const RETRY_MS = 5_000;
const MAX_RETRY_MS = 600_000;

export interface FairWorkersOptions {
  readonly lanes: number;
  /** Lanes that tasks of one group may have while others wait. */
  readonly lanesOfGroup: number;
}

export interface Failure {
  readonly problem: string;
  readonly times: number;
  readonly retryAt: number;
}

interface LanePorts {
  /** Ids of what is to be done, in the order of their worth. */
  readonly waiting: () => readonly string[];
  /** What a task shares lanes with, as far as it is known. */
  readonly groupOf: (id: string) => string | undefined;
  readonly work: (id: string) => Promise<void>;
  /** Says what went wrong; `undefined`: it only was not finished. */
  readonly problemOf: (error: unknown, id: string) => string | undefined;
  /** Called before lanes are filled. */
  readonly refresh: () => Promise<void>;
  readonly signal: AbortSignal;
  readonly now?: () => number;
}

/**
 * Works on several things side by side, so that none that does not get on holds up the others. What was never tried and what
 * failed or had its turn come alternately, of the latter what was tried least: neither can keep out the other.
 */
export class FairWorkers {
  readonly #options: FairWorkersOptions;
  readonly #ports: LanePorts;
  readonly #active = new Map<string, Promise<void>>();
  readonly #failures = new Map<string, Failure>();
  readonly #turns = new Map<string, number>();
  #wake: (() => void) | undefined;

  constructor(options: FairWorkersOptions, ports: LanePorts) {
    this.#options = options;
    this.#ports = ports;
  }

  /** Works until the signal aborts, and until what is under way has ended. */
  async run(): Promise<void> {
    const { signal, refresh } = this.#ports;
    while (!signal.aborted) {
      await refresh();
      this.fill();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, IDLE_MS);
      });
    }
    await Promise.all(this.#active.values());
  }

  /** Begins what lanes are free for. */
  fill(): void {
    const waiting = this.#ready();
    const isPossible = (id: string) =>
      this.#active.size < this.#options.lanes && this.#mayHaveLane(id, waiting);
    for (const id of waiting) if (isPossible(id)) this.#begin(id);
  }

  /** Whether something else could use a lane. */
  get othersWait(): boolean {
    return this.#active.size >= this.#options.lanes && this.#ready().length > 0;
  }

  /** Whether the group of an active task, which may have become known only now, has more lanes than it may while others wait. */
  isBeyondShare(id: string): boolean {
    const group = this.#ports.groupOf(id);
    const ofGroup = [...this.#active.keys()].filter((other) => this.#ports.groupOf(other) === group);
    const isLate = ofGroup.indexOf(id) >= this.#options.lanesOfGroup;
    return isLate && this.#ready().some((other) => this.#ports.groupOf(other) !== group);
  }

  failureOf(id: string): Failure | undefined {
    return this.#failures.get(id);
  }

  isActive(id: string): boolean {
    return this.#active.has(id);
  }

  /** Everything may be tried at once again. */
  forgive(): void {
    this.#failures.clear();
    this.#turns.clear();
  }

  #ready(): string[] {
    const { waiting, now = Date.now } = this.#ports;
    const time = now();
    const ids = waiting();
    const known = new Set(ids);
    for (const id of this.#turns.keys()) if (!known.has(id)) this.#forget(id);
    const ready = ids.filter((id) => !this.#active.has(id) && (this.#failures.get(id)?.retryAt ?? 0) <= time);
    const turns = (id: string) => this.#turns.get(id) ?? 0;
    const tried = ready.filter((id) => turns(id) > 0).sort((a, b) => turns(a) - turns(b));
    return alternating(
      ready.filter((id) => turns(id) === 0),
      tried,
    );
  }

  /** A group keeps to its share of the lanes as long as another one could use them. */
  #mayHaveLane(id: string, waiting: readonly string[]): boolean {
    const { groupOf } = this.#ports;
    const group = groupOf(id);
    if (group === undefined) return true;
    const taken = [...this.#active.keys()].filter((other) => groupOf(other) === group).length;
    return taken < this.#options.lanesOfGroup || waiting.every((other) => groupOf(other) === group);
  }

  #begin(id: string): void {
    const { work, problemOf, now = Date.now } = this.#ports;
    this.#turns.set(id, (this.#turns.get(id) ?? 0) + 1);
    const done = work(id).then(
      () => this.#forget(id),
      (error: unknown) => {
        const problem = problemOf(error, id);
        if (problem === undefined) return;
        const times = (this.#failures.get(id)?.times ?? 0) + 1;
        const retryAt = now() + Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** Math.min(times - 1, 20));
        this.#failures.set(id, { problem, times, retryAt });
      },
    );
    this.#active.set(
      id,
      done.finally(() => {
        this.#active.delete(id);
        this.#wake?.();
      }),
    );
  }

  #forget(id: string): void {
    this.#turns.delete(id);
    this.#failures.delete(id);
  }
}

function alternating<T>(first: readonly T[], second: readonly T[]): T[] {
  const length = Math.max(first.length, second.length);
  return Array.from({ length }, (_, n) => [...first.slice(n, n + 1), ...second.slice(n, n + 1)]).flat();
}
