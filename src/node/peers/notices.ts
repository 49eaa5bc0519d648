import type { Logger } from '#base';
import type { NoticeView } from '../api/node-api.ts';

/** Problems that the owner can fix: logged once, and shown on the page while they last. */
export class Notices {
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #current = new Map<string, NoticeView>();

  /** `now`: milliseconds since epoch. */
  constructor(dependencies: { log: Logger; now?: () => number }) {
    this.#log = dependencies.log;
    this.#now = dependencies.now ?? Date.now;
  }

  /** Sets the current problem of a kind; undefined when there is none. */
  set(code: string, message: string | undefined): void {
    const known = this.#current.get(code);
    if (message === undefined) {
      if (this.#current.delete(code)) this.#log.info({ code }, 'no longer so');
      return;
    }
    this.#current.set(code, { code, message, since: known?.since ?? this.#now() });
    if (!known) this.#log.warn({ code }, message);
  }

  /** Oldest first. */
  view(): NoticeView[] {
    return [...this.#current.values()];
  }
}
