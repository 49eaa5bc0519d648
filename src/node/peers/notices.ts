import type { Logger } from '#base';
import type { NoticeView } from '../api/node-api.ts';

/** What keeps a node from its part in the network and its owner can mend: in the log once, on the page for as long as it is so. */
export class Notices {
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #current = new Map<string, NoticeView>();

  /** `now`: milliseconds since epoch. */
  constructor(dependencies: { log: Logger; now?: () => number }) {
    this.#log = dependencies.log;
    this.#now = dependencies.now ?? Date.now;
  }

  /** Says what is wrong now, undefined when nothing is. */
  set(code: string, message: string | undefined): void {
    const known = this.#current.get(code);
    if (message === undefined) {
      if (this.#current.delete(code)) this.#log.info({ code }, 'no longer so');
      return;
    }
    this.#current.set(code, { code, message, since: known?.since ?? this.#now() });
    if (!known) this.#log.warn({ code }, message);
  }

  /** The oldest first. */
  view(): NoticeView[] {
    return [...this.#current.values()];
  }
}
