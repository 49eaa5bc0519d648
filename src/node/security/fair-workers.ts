import { Admission, BitorchError, backoffMs, type Place, Wakeup } from '#base';

const IDLE_MS = 300;
/** The pause after a look at what waits, as a multiple of what it took. */
const LOOKS_SHARE = 20;
/** A task that failed is tried again after this long, and twice as long after each failure. */
const RETRY = { firstMs: 5_000, lastMs: 600_000 };

export interface Failure {
  readonly problem: string;
  readonly times: number;
  readonly retryAt: number;
}

/** Whom a task is done for, as far as it is known. */
export interface TaskOwner {
  /** Addresses that ask for it; the one that has fewest tasks under way is charged. */
  readonly origins: readonly string[];
  readonly identity?: string | undefined;
}

interface WorkerPorts {
  /** Ids of the tasks, the most important first. */
  readonly waiting: () => readonly string[];
  readonly ownerOf: (id: string) => TaskOwner;
  readonly work: (id: string, lane: Lane) => Promise<void>;
  /** What went wrong; undefined when the task was only interrupted. */
  readonly problemOf: (error: unknown, id: string) => string | undefined;
  /** Called before lanes are filled. */
  readonly refresh: () => Promise<void>;
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

interface WorkerOptions {
  readonly lanes: number;
  /** A task that runs for longer gives its lane to any other that waits, until it calls `Lane.keep`. */
  readonly turnMs: number;
}

/** One of the lanes, as held by a task. */
export class Lane implements Place {
  groups: readonly string[];
  readonly #order: number;
  readonly #isOver: () => boolean;
  readonly #end = new AbortController();
  #isKept = false;

  /** `order` grows with each lane; `isOver`: whether its turn has ended. */
  constructor(groups: readonly string[], turn: { order: number; isOver: () => boolean }) {
    this.groups = groups;
    this.#order = turn.order;
    this.#isOver = turn.isOver;
  }

  /** Aborts with FETCH_PAUSED when the lane goes to another task. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  get isIdle(): boolean {
    return this.#isOver();
  }

  /** The youngest is evicted first: it loses least. */
  get worth(): number {
    return this.#isKept ? Infinity : -this.#order;
  }

  /** From now on the lane is not given to another task. Throws FETCH_PAUSED when it was already. */
  keep(): void {
    this.signal.throwIfAborted();
    this.#isKept = true;
  }

  reclaim(): void {
    this.#end.abort(
      new BitorchError('FETCH_PAUSED', 'others with fewer fetches are waiting; it continues after them'),
    );
  }
}

/**
 * Works on several tasks side by side, so that one that does not progress holds up no other. Lanes are shared by `Admission`
 * among the addresses and identities that the tasks are done for. New tasks and those that failed or were interrupted take
 * turns, of the latter the one tried least often first, so that neither kind keeps out the other.
 */
export class FairWorkers {
  readonly #options: WorkerOptions;
  readonly #ports: WorkerPorts;
  readonly #lanes: Admission<Lane>;
  readonly #active = new Map<string, { lane: Lane; done: Promise<void> }>();
  readonly #failures = new Map<string, Failure>();
  readonly #turns = new Map<string, number>();
  #begun = 0;
  readonly #ended = new Wakeup();

  constructor(options: WorkerOptions, ports: WorkerPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#lanes = new Admission({ total: options.lanes });
  }

  /** Works until the signal aborts; resolves when the tasks under way have ended. */
  async run(): Promise<void> {
    const { signal, refresh } = this.#ports;
    while (!signal.aborted) {
      await refresh();
      const before = performance.now();
      this.fill();
      // To look through a hundred thousand announced models takes a while.
      const ms = Math.max(IDLE_MS, LOOKS_SHARE * (performance.now() - before));
      await this.#ended.wait({ ms, signal });
    }
    await Promise.all([...this.#active.values()].map(({ done }) => done));
  }

  /** Begins the tasks that get a lane. */
  fill(): void {
    /** Groups that got none: another task of the same would not either. */
    const refused = new Set<string>();
    for (const id of this.#ready()) {
      const groups = this.#groupsOf(id);
      const name = groups.join(' ');
      if (refused.has(name)) continue;
      if (this.#makeRoom(groups)) this.#begin(id, groups);
      else refused.add(name);
    }
  }

  /**
   * The identity that an active task is done for has become known. Throws FETCH_PAUSED when it already has so many lanes that
   * another task, which waits, should have this one.
   */
  identify(id: string): void {
    const { lane } = this.#active.get(id) ?? {};
    if (!lane || !this.#lanes.delete(lane)) return;
    lane.groups = this.#groupsOf(id);
    this.#lanes.add(lane);
    if (this.#lanes.size < this.#options.lanes) return;
    // A task whose identity is unknown may turn out to be of a new one.
    const isOwed = (other: string) => {
      const [origin = '', identity = other] = this.#groupsOf(other);
      return this.#lanes.isBorrowed(lane, [origin, identity]);
    };
    if (!this.#ready().some(isOwed)) return;
    this.#reclaim(lane);
    lane.signal.throwIfAborted();
  }

  failureOf(id: string): Failure | undefined {
    return this.#failures.get(id);
  }

  isActive(id: string): boolean {
    return this.#active.has(id);
  }

  /** Forgets all failures, so that every task may be tried at once. */
  forgive(): void {
    this.#failures.clear();
    this.#turns.clear();
  }

  #makeRoom(groups: readonly string[]): boolean {
    if (this.#lanes.hasRoom(groups)) return true;
    const lane = this.#lanes.evictable(groups);
    if (!lane) return false;
    this.#reclaim(lane);
    return true;
  }

  #reclaim(lane: Lane): void {
    this.#lanes.delete(lane);
    lane.reclaim();
  }

  #groupsOf(id: string): string[] {
    const { origins, identity } = this.#ports.ownerOf(id);
    const origin = this.#lanes.leastHeld(0, origins) ?? id;
    return identity === undefined ? [origin] : [origin, identity];
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

  #begin(id: string, groups: readonly string[]): void {
    const { work, now = Date.now } = this.#ports;
    this.#turns.set(id, (this.#turns.get(id) ?? 0) + 1);
    const endOfTurn = now() + this.#options.turnMs;
    const lane = new Lane(groups, { order: this.#begun++, isOver: () => now() >= endOfTurn });
    this.#lanes.add(lane);
    const done = work(id, lane)
      .then(
        () => this.#forget(id),
        (error: unknown) => this.#fail(id, error),
      )
      .finally(() => {
        this.#active.delete(id);
        this.#lanes.delete(lane);
        this.#ended.wake();
      });
    this.#active.set(id, { lane, done });
  }

  #fail(id: string, error: unknown): void {
    const { problemOf, now = Date.now } = this.#ports;
    const problem = problemOf(error, id);
    if (problem === undefined) return;
    const times = (this.#failures.get(id)?.times ?? 0) + 1;
    const retryAt = now() + backoffMs(RETRY, times);
    this.#failures.set(id, { problem, times, retryAt });
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
