import { BitorchError, threadCpuMs } from '#base';
import { addressGroup, scopeOfRemote } from './dialable.ts';

/** What an object in memory costs beside its bytes: a frame of no bytes is not free. */
export const OBJECT_BYTES = 256;

export interface Limits {
  /** Bytes of memory held at once. */
  readonly heldBytes: number;
  /** Bytes taken in the long run, and at once after a silence. One piece beyond `burstBytes` is never taken. */
  readonly bytesPerSecond: number;
  readonly burstBytes: number;
  /** Milliseconds of computing in the long run, and at once after a silence. */
  readonly cpuMsPerSecond: number;
  readonly burstCpuMs: number;
}

/** What so many peers together may cost. */
export const limitsOfMany = (peers: number, limits: Limits): Limits => ({
  heldBytes: peers * limits.heldBytes,
  bytesPerSecond: peers * limits.bytesPerSecond,
  burstBytes: peers * limits.burstBytes,
  cpuMsPerSecond: peers * limits.cpuMsPerSecond,
  burstCpuMs: peers * limits.burstCpuMs,
});

/** Peers and addresses kept apart at once; beyond that the new ones share one account. */
const MAX_ACCOUNTS = 4096;
const SWEEP_MS = 1_000;
/** What every peer and address has of its limits when others have used up the sum of all: one part in so many. */
const RESERVE = 64;

/**
 * What one peer may still cause. Every charge goes to the peer, its address and the sum of all at once, or to none. Who uses
 * little is served also when a few others have used up the sum: out of a reserve of its own.
 */
export interface Budget {
  /**
   * Charges `bytes` in `objects` objects of memory until the returned function is called; calling it again does nothing.
   * Throws BUDGET_EXCEEDED.
   */
  hold(bytes: number, objects?: number): () => void;
  /** Charges `bytes` that came in. Throws BUDGET_EXCEEDED. */
  take(bytes: number): void;
  /** Does synchronous work and charges the time it took. Throws BUDGET_EXCEEDED when time is owed from before. */
  run<T>(work: () => T): T;
  /** Charges time that was spent already: it can be owed, and nothing more is run until it has been made up for. */
  spend(ms: number): void;
}

/** Of a node to itself. */
export const UNCHARGED: Budget = {
  hold: () => () => undefined,
  take: () => undefined,
  run: (work) => work(),
  spend: () => undefined,
};

/** Milliseconds that never go back: of the day, and of computing by this thread alone, however busy the machine is. */
interface Clocks {
  readonly now: () => number;
  readonly cpuMs: () => number;
}

const CLOCKS: Clocks = { now: () => performance.now(), cpuMs: threadCpuMs };

/**
 * What strangers may cause: memory, bytes and computing, for each peer, for each address and in all. What was charged is
 * forgotten only as time makes up for it, so coming back, even under the same address with another name, brings nothing.
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

  /** `address`: the IP address the peer is connected from. Loopback is not charged: it is everybody on this machine. */
  of(peer: string, address?: string): Budget {
    const group = address && scopeOfRemote(address) !== 'loopback' ? addressGroup(address) : undefined;
    /** Looked up at each charge, since what owes nothing is not kept. */
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

  /** Accounts in memory. */
  get size(): number {
    return this.#peers.size + this.#addresses.size;
  }
}

/** An account, and what is left to it when the sum of all is used up. */
interface Reserved {
  readonly account: Account;
  readonly reserve: Account;
}

/** Whom a charge goes to. */
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

  /** The accounts that can pay, all of which are to be charged: the sum of all, or the reserves in its place. */
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

/** Accounts by name; those that owe nothing are dropped, and their number is bounded. */
class Accounts {
  readonly #limits: Limits;
  readonly #byName = new Map<string, Reserved>();
  /** Of those who come when there are too many. */
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
  /** What may be taken and run now. */
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
