import { cleanText } from '#base';
import { type Announcement, CLOCK_SKEW_MS, MOST_AGE_MS } from './announcement.ts';
import type { Notices } from './notices.ts';

/** Voters that are kept, and for how long. */
const MAX_VOTERS = 256;
const VOTE_MS = 600_000;
/** An offset counts once it was heard again after so long: what waited in a buffer while a machine slept comes all at once. */
const CONFIRMED_MS = 4_000;
const SAME_OFFSET_MS = 10_000;
/** A second node with this one's identity is forgotten when nothing was heard of it for so long. */
const TWIN_MS = 600_000;
const PROTOCOL = /^\/bitorch\/([\w/-]{1,64})\/(\d{1,6})$/;

/** Where an observation comes from. */
export interface Voter {
  /** Peers that share an address are one voter. */
  readonly name: string;
  /** Whether this node opened the connection. Anybody can connect to a node; whom it connects to is harder to choose for it. */
  readonly isChosen: boolean;
}

interface Vote<T> {
  readonly isChosen: boolean;
  readonly value: T;
  readonly at: number;
}

/** The latest observation of each voter. Voters that connected to this node count only while it has connected to none. */
class Votes<T> {
  readonly #votes = new Map<string, Vote<T>>();

  of({ name }: Voter): T | undefined {
    return this.#votes.get(name)?.value;
  }

  set({ name, isChosen }: Voter, value: T, at: number): void {
    this.#votes.delete(name);
    this.#votes.set(name, { isChosen, value, at });
    if (this.#votes.size <= MAX_VOTERS) return;
    const oldest = [...this.#votes].find(([, vote]) => !vote.isChosen) ?? [...this.#votes][0]!;
    this.#votes.delete(oldest[0]);
  }

  values(now: number, counts: (value: T) => boolean = () => true): T[] {
    for (const [name, { at }] of this.#votes) if (now - at > VOTE_MS) this.#votes.delete(name);
    const votes = [...this.#votes.values()].filter(({ value }) => counts(value));
    const chosen = votes.filter(({ isChosen }) => isChosen);
    return (chosen.length > 0 ? chosen : votes).map(({ value }) => value);
  }
}

/** How far a peer's clock is ahead of ours; it counts once it was heard twice. */
interface Offset {
  readonly ms: number;
  readonly firstAt: number;
  readonly isConfirmed: boolean;
}

/** Speaks newer versions of our protocols, and not ours: the first such. */
type Newer = { readonly theirs: string; readonly ours: string } | undefined;

/**
 * Notices what is wrong with this node by what others show of it: a clock that is off, a version that is too old, its identity
 * in use elsewhere. Nobody tells a node that its announcements are dropped; but whoever drops them differs from it, and that
 * it can see. A few peers may be wrong themselves: only what at least half of those heard of agree in is said.
 */
export class SelfWatch {
  readonly #notices: Notices;
  readonly #now: () => number;
  readonly #date: () => number;
  readonly #offsets = new Votes<Offset>();
  readonly #newer = new Votes<Newer>();
  /** Times of our own announcements, and when we began to make them. */
  readonly #ownTimes = new Set<number>();
  readonly #since: number;
  #twinHeardAt: number | undefined;

  /** `now`: milliseconds that only go on; `date`: milliseconds since epoch. */
  constructor(dependencies: { notices: Notices; now?: () => number; date?: () => number }) {
    this.#notices = dependencies.notices;
    this.#now = dependencies.now ?? (() => performance.now());
    this.#date = dependencies.date ?? Date.now;
    this.#since = this.#date();
  }

  /** This node has announced itself. */
  announced({ time }: Pick<Announcement, 'time'>): void {
    this.#ownTimes.add(time);
    const oldest = this.#date() - 2 * MOST_AGE_MS;
    for (const each of this.#ownTimes) {
      if (each >= oldest) break;
      this.#ownTimes.delete(each);
    }
  }

  /** Somebody passes on what is signed with this node's key. */
  heardOwn({ time, addresses }: Pick<Announcement, 'time' | 'addresses'>): void {
    const isOurs = this.#ownTimes.has(time) || time < this.#since || time > this.#date() + CLOCK_SKEW_MS;
    // Anybody can repeat an announcement of a node that has stopped.
    if (isOurs || time < this.#date() - MOST_AGE_MS) return;
    this.#twinHeardAt = this.#now();
    const where = cleanText(addresses.join(', '), 256) || 'an unknown address';
    this.#notices.set(
      'IDENTITY_TWICE',
      `another node runs with this node's identity, at ${where}: perhaps a copy of this data directory. Others see now one ` +
        'and now the other. Stop one of the two, or delete its node.key to give it a new identity',
    );
  }

  /** Notes the announcement of a connected peer. */
  heardClock(voter: Voter, time: number): void {
    const [ms, at] = [time - this.#date(), this.#now()];
    const before = this.#offsets.of(voter);
    const isSame = before !== undefined && Math.abs(before.ms - ms) <= SAME_OFFSET_MS;
    const firstAt = isSame ? before.firstAt : at;
    const isConfirmed = isSame && (before.isConfirmed || at - firstAt >= CONFIRMED_MS);
    this.#offsets.set(voter, { ms, firstAt, isConfirmed }, at);
    this.#tellClock();
  }

  /** The protocols that a connected peer serves, and those of this node. */
  heardProtocols(voter: Voter, theirs: readonly string[], ours: readonly string[]): void {
    this.#newer.set(voter, firstNewer(theirs, ours), this.#now());
    const votes = this.#newer.values(this.#now());
    const newer = votes.filter((vote) => vote !== undefined);
    const [example] = newer;
    const isOld = example !== undefined && 2 * newer.length >= votes.length;
    this.#notices.set(
      'VERSION_OLD',
      isOld
        ? `${count(newer.length, votes.length)} newer protocols than this one (${example.theirs}; here ${example.ours}) and ` +
            'cannot talk with it: update Bitorch'
        : undefined,
    );
  }

  /** Median distance of the clocks of peers ahead of ours, in ms; undefined while none was heard twice. */
  clock(): { readonly peers: number; readonly offsetMs: number } | undefined {
    const offsets = this.#confirmedOffsets().sort((a, b) => a - b);
    const offsetMs = offsets[offsets.length >> 1];
    return offsetMs === undefined ? undefined : { peers: offsets.length, offsetMs };
  }

  #confirmedOffsets(): number[] {
    return this.#offsets.values(this.#now(), ({ isConfirmed }) => isConfirmed).map(({ ms }) => ms);
  }

  /** Time has passed. */
  look(): void {
    if (this.#twinHeardAt !== undefined && this.#now() - this.#twinHeardAt > TWIN_MS) {
      this.#twinHeardAt = undefined;
      this.#notices.set('IDENTITY_TWICE', undefined);
    }
    this.#tellClock();
  }

  #tellClock(): void {
    const votes = this.#confirmedOffsets();
    const off = votes.filter((ms) => Math.abs(ms) > CLOCK_SKEW_MS);
    const middle = off.sort((a, b) => a - b)[off.length >> 1];
    const isOff = middle !== undefined && 2 * off.length >= votes.length;
    this.#notices.set(
      'CLOCK_OFF',
      isOff
        ? `the clock of this computer is ${durationOf(middle)} ${middle > 0 ? 'behind' : 'ahead of'} the clocks of ` +
            `${off.length} of ${votes.length} nodes that it is connected with, and they hear nothing of each other: set it, ` +
            'best by NTP. If it is right, theirs are wrong'
        : undefined,
    );
  }
}

const count = (some: number, all: number): string =>
  all === 1 ? 'the node that this one is connected with speaks' : `${some} of ${all} nodes speak`;

const durationOf = (ms: number): string => {
  const minutes = Math.round(Math.abs(ms) / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
};

function firstNewer(theirs: readonly string[], ours: readonly string[]): Newer {
  const newest = newestOf(theirs);
  for (const [name, version] of newestOf(ours)) {
    const other = newest.get(name) ?? 0;
    const [own, its] = [`/bitorch/${name}/${version}`, `/bitorch/${name}/${other}`];
    if (other > version && !theirs.includes(own)) return { theirs: its, ours: own };
  }
  return undefined;
}

/** Protocol name → its highest version. */
function newestOf(protocols: readonly string[]): Map<string, number> {
  const newest = new Map<string, number>();
  for (const protocol of protocols) {
    const [, name, version] = PROTOCOL.exec(protocol) ?? [];
    if (name !== undefined) newest.set(name, Math.max(newest.get(name) ?? 0, Number(version)));
  }
  return newest;
}
