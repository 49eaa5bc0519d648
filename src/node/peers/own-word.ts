import type { SigningKey } from '#crypto';
import {
  type Announcement,
  BEAT_MS,
  type Delta,
  type Description,
  type Holding,
  MAX_CHANGES,
  pagesOf,
  sealAnnouncement,
  sealDelta,
  WHOLE_MS,
  type Word,
} from './announcement.ts';
import { idOfHolding, sameHolding } from './holdings.ts';

/** An announcement, and the newest delta to it, signed. */
export interface Told {
  readonly pages: readonly { readonly announcement: Announcement; readonly sealed: Uint8Array }[];
  readonly delta: { readonly delta: Delta; readonly sealed: Uint8Array } | undefined;
}

/** What a node signs about itself: an announcement from time to time, and the changes in between as deltas. */
export class OwnWord {
  readonly #key: SigningKey;
  #told: Told | undefined;

  constructor(key: SigningKey) {
    this.#key = key;
  }

  get told(): Told | undefined {
    return this.#told;
  }

  /** The form that is sent to others; `whole`: with the announcement that the delta belongs to. */
  word(id: string, whole: boolean): Word {
    const { pages = [], delta } = this.#told ?? {};
    return { id, pages: whole ? pages.map(({ sealed }) => sealed) : [], delta: delta?.sealed ?? null };
  }

  /** Of the announcement. */
  get base(): number {
    return this.#told?.pages[0]?.announcement.time ?? 0;
  }

  /**
   * Signs changes. Returns `changed` when others should receive them soon, `beat` when only time has passed, `same`
   * when nothing was signed.
   */
  describe(self: Description): 'changed' | 'beat' | 'same' {
    const told = this.#told;
    const pages = pagesOf(self);
    const now = self.time;
    const changes = told && changesFrom(told, pages);
    if (!told || !changes) {
      this.#sign(pages);
      return 'changed';
    }
    const { delta } = told;
    const before = delta?.delta ?? NOTHING;
    const isSame = sameChanges(before, changes);
    if (now - this.base >= WHOLE_MS) this.#sign(pages);
    else if (!isSame || now - (delta?.delta.time ?? this.base) >= BEAT_MS) {
      const next = { base: this.base, time: now, ...changes };
      this.#told = { ...told, delta: { delta: next, sealed: sealDelta(next, this.#key) } };
    } else return 'same';
    return isSame ? 'beat' : 'changed';
  }

  #sign(pages: readonly Announcement[]): void {
    this.#told = {
      pages: pages.map((announcement) => ({
        announcement,
        sealed: sealAnnouncement(announcement, this.#key).sealed,
      })),
      delta: undefined,
    };
  }
}

type Changes = Pick<Delta, 'changed' | 'gone'>;
const NOTHING: Changes = { changed: [], gone: [] };

/** The delta to the last announcement; undefined when a new announcement is needed. */
function changesFrom(told: Told, pages: readonly Announcement[]): Changes | undefined {
  const [before, now] = [told.pages[0]!.announcement, pages[0]!];
  if (!sameIdentity(before, now)) return undefined;
  const holdingsOf = (all: readonly Announcement[]) => all.flatMap(({ holdings }) => holdings);
  const old = byManifest(holdingsOf(told.pages.map(({ announcement }) => announcement)));
  const own = byManifest(holdingsOf(pages));
  const changed = [...own].flatMap(([id, holding]) => (sameHolding(old.get(id), holding) ? [] : [holding]));
  const gone = [...old].flatMap(([id, { manifest }]) => (own.has(id) ? [] : [manifest]));
  return changed.length > MAX_CHANGES || gone.length > MAX_CHANGES ? undefined : { changed, gone };
}

const byManifest = (holdings: readonly Holding[]): Map<string, Holding> =>
  new Map(holdings.map((holding) => [idOfHolding(holding), holding]));

/** Whether everything except the holdings is equal. */
function sameIdentity(a: Announcement, b: Announcement): boolean {
  const textOf = ({ holdings: _holdings, time: _time, page: _page, pages: _pages, ...rest }: Announcement) =>
    JSON.stringify({ ...rest, validator: rest.validator && [...rest.validator] });
  return textOf(a) === textOf(b);
}

const sameChanges = (a: Changes, b: Changes): boolean =>
  a.changed.length === b.changed.length &&
  a.gone.length === b.gone.length &&
  a.changed.every((one, i) => sameHolding(one, b.changed[i]!)) &&
  a.gone.every((one, i) => idOfHolding({ manifest: one }) === idOfHolding({ manifest: b.gone[i]! }));
