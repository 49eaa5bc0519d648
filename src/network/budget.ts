import { BitorchError, threadCpuMs } from '#base';
import { addressGroup, scopeOfRemote } from './dialable.ts';

/** Memory charged per object beside its bytes: even an empty frame costs something. */
export const OBJECT_BYTES = 256;

export interface Limits {
  /** Bytes of memory held at once. */
  readonly heldBytes: number;
  /**
   * Long-term rate of received bytes, and the size of the token bucket. A single charge above `burstBytes` is always
   * refused.
   */
  readonly bytesPerSecond: number;
  readonly burstBytes: number;
  /** Long-term rate of CPU time in milliseconds, and the size of the token bucket. */
  readonly cpuMsPerSecond: number;
  readonly burstCpuMs: number;
}

/** The combined limits of `peers` peers. */
export const limitsOfMany = (peers: number, limits: Limits): Limits => ({
  heldBytes: peers * limits.heldBytes,
  bytesPerSecond: peers * limits.bytesPerSecond,
  burstBytes: peers * limits.burstBytes,
  cpuMsPerSecond: peers * limits.cpuMsPerSecond,
  burstCpuMs: peers * limits.burstCpuMs,
});

/** Accounts kept at once, for peers and for addresses; beyond that, new ones share one account. */
const MAX_ACCOUNTS = 4096;
const SWEEP_MS = 1_000;
/** When the total limit is used up, each peer and address still has 1/RESERVE of its own limits. */
const RESERVE = 64;

/**
 * What one peer may still consume. Each charge goes to the peer, its address and the total at once, or to none of them. A
 * peer that uses little is served even when others have used up the total: it then draws on a small reserve of its own.
 */
export interface Budget {
  /**
   * Charges `bytes` in `objects` objects of memory until the returned function is called; further calls do nothing. Throws
   * BUDGET_EXCEEDED.
   */
  hold(bytes: number, objects?: number): () => void;
  /** Charges `bytes` received. Throws BUDGET_EXCEEDED. */
  take(bytes: number): void;
  /** Runs synchronous work and charges its CPU time. Throws BUDGET_EXCEEDED while earlier work is still owed. */
  run<T>(work: () => T): T;
  /** Charges CPU time that is already spent. The balance may become negative; `run` then refuses until it has recovered. */
  spend(ms: number): void;
}

/** The budget of a node towards itself: nothing is charged. */
export const UNCHARGED: Budget = {
  hold: () => () => undefined,
  take: () => undefined,
  run: (work) => work(),
  spend: () => undefined,
};

/** Monotonic clocks in milliseconds: wall-clock time, and CPU time of this thread. */
interface Clocks {
  readonly now: () => number;
  readonly cpuMs: () => number;
}

const CLOCKS: Clocks = { now: () => performance.now(), cpuMs: threadCpuMs };

/**
 * Limits what peers may consume (memory, bytes, CPU time) per peer, per address and in total. Debts are forgiven only by
 * the passing of time, so reconnecting, even with a new peer id from the same address, gains nothing.
 */
export class Budgets {
  readonly #clocks: Clocks;
  readonly #peers: Accounts;
  readonly #addresses: Accounts;
  readonly #all: Account;

  constructor(limits: { peer: Limits; address: Limits; all: Limits }, given: Partial<Clocks> = {}) {
    const clocks = { ...CLOCKS, ...given };
    const now = clocks.now();
    this.#clocks = clocks;
    this.#peers = new Accounts(limits.peer, now);
    this.#addresses = new Accounts(limits.address, now);
    this.#all = new Account(limits.all, now);
  }

  /**
   * `address`: the IP address that the peer connects from. Loopback is not charged by address, since all local nodes share
   * it.
   */
  of(peer: string, address?: string): Budget {
    const group = address && scopeOfRemote(address) !== 'loopback' ? addressGroup(address) : undefined;
    /** Looked up at each charge, since an account without debt may have been dropped. */
    const accounts = (): Charged => {
      const now = this.#clocks.now();
      const peers = this.#peers.of(peer, now);
      const own = group === undefined ? [peers] : [peers, this.#addresses.of(group, now)];
      for (const { account, reserve } of own) for (const each of [account, reserve]) each.refill(now);
      this.#all.refill(now);
      return { own, all: this.#all };
    };
    return new Charges(accounts, this.#clocks.cpuMs);
  }

  /** Number of accounts in memory. */
  get size(): number {
    return this.#peers.size + this.#addresses.size;
  }
}

/** An account, and the reserve it draws on when the total is used up. */
interface Reserved {
  readonly account: Account;
  readonly reserve: Account;
}

/** The accounts that a charge goes to. */
interface Charged {
  readonly own: readonly Reserved[];
  readonly all: Account;
}

class Charges implements Budget {
  readonly #accounts: () => Charged;
  readonly #cpuMs: () => number;

  constructor(accounts: () => Charged, cpuMs: () => number) {
    this.#accounts = accounts;
    this.#cpuMs = cpuMs;
  }

  hold(bytes: number, objects = 1): () => void {
    const cost = bytes + objects * OBJECT_BYTES;
    const accounts = this.#demand('memory', (account) => account.held + cost <= account.limits.heldBytes);
    for (const account of accounts) account.held += cost;
    let held = true;
    return () => {
      if (held) for (const account of accounts) account.held -= cost;
      held = false;
    };
  }

  take(bytes: number): void {
    const accounts = this.#demand('bytes', (account) => bytes <= account.bytes);
    for (const account of accounts) account.bytes -= bytes;
  }

  run<T>(work: () => T): T {
    const accounts = this.#demand('time', (account) => account.cpuMs > 0);
    const from = this.#cpuMs();
    try {
      return work();
    } finally {
      const spent = this.#cpuMs() - from;
      for (const account of accounts) account.cpuMs -= spent;
    }
  }

  spend(ms: number): void {
    const { own, all } = this.#accounts();
    const payer = all.cpuMs > 0 ? [all] : own.map(({ reserve }) => reserve);
    for (const account of [...own.map(({ account }) => account), ...payer]) account.cpuMs -= ms;
  }

  /** The accounts to charge, all of which can pay: the total, or the reserves in its place. */
  #demand(what: string, suffices: (account: Account) => boolean): Account[] {
    const { own, all } = this.#accounts();
    const accounts = own.map(({ account }) => account);
    const reserves = own.map(({ reserve }) => reserve);
    if (accounts.every(suffices)) {
      if (suffices(all)) return [...accounts, all];
      if (reserves.every(suffices)) return [...accounts, ...reserves];
    }
    throw new BitorchError(
      'BUDGET_EXCEEDED',
      `too much ${what} at once: ask for less, or wait and try again`,
    );
  }
}

/** Accounts by name. Accounts without debt are dropped; their number is bounded. */
class Accounts {
  readonly #limits: Limits;
  readonly #byName = new Map<string, Reserved>();
  /** Shared by newcomers while the map is full. */
  readonly #shared: Reserved;
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(limits: Limits, now: number) {
    this.#limits = limits;
    this.#shared = reserved(limits, now);
  }

  get size(): number {
    return this.#byName.size;
  }

  of(name: string, now: number): Reserved {
    const known = this.#byName.get(name);
    if (known) return known;
    if (this.#byName.size >= MAX_ACCOUNTS) this.#sweep(now);
    if (this.#byName.size >= MAX_ACCOUNTS) return this.#shared;
    const made = reserved(this.#limits, now);
    this.#byName.set(name, made);
    return made;
  }

  #sweep(now: number): void {
    if (now - this.#sweptAt < SWEEP_MS) return;
    this.#sweptAt = now;
    for (const [name, { account, reserve }] of this.#byName) {
      for (const each of [account, reserve]) each.refill(now);
      if (account.owesNothing && reserve.owesNothing) this.#byName.delete(name);
    }
  }
}

function reserved(limits: Limits, now: number): Reserved {
  const part = Object.fromEntries(Object.entries(limits).map(([what, limit]) => [what, limit / RESERVE]));
  return { account: new Account(limits, now), reserve: new Account(part as unknown as Limits, now) };
}

class Account {
  readonly limits: Limits;
  held = 0;
  /** What may be received, and computed, now. */
  bytes: number;
  cpuMs: number;
  #refilledAt: number;

  constructor(limits: Limits, now: number) {
    this.limits = limits;
    this.bytes = limits.burstBytes;
    this.cpuMs = limits.burstCpuMs;
    this.#refilledAt = now;
  }

  get owesNothing(): boolean {
    const { burstBytes, burstCpuMs } = this.limits;
    return this.held === 0 && this.bytes >= burstBytes && this.cpuMs >= burstCpuMs;
  }

  refill(now: number): void {
    const seconds = Math.max(0, now - this.#refilledAt) / 1000;
    const { burstBytes, bytesPerSecond, burstCpuMs, cpuMsPerSecond } = this.limits;
    this.bytes = Math.min(burstBytes, this.bytes + seconds * bytesPerSecond);
    this.cpuMs = Math.min(burstCpuMs, this.cpuMs + seconds * cpuMsPerSecond);
    this.#refilledAt = now;
  }
}
