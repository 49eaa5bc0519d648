import { toHex } from '#base';
import { type ChainStore, presentIn } from '#consensus';

/** Of how many of the last blocks each validator's signature is known. */
export class Attendance {
  readonly #window: number;
  readonly #signers: string[][] = [];
  readonly #counts = new Map<string, number>();

  /** @param window blocks looked back */
  constructor(window: number) {
    this.#window = window;
  }

  /** Looks at the blocks that a node has already. */
  static of(store: ChainStore, window: number): Attendance {
    const attendance = new Attendance(window);
    for (let height = Math.max(1, store.height - window + 1); height <= store.height; height++)
      attendance.note(store, height);
    return attendance;
  }

  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  note(store: ChainStore, height: number): void {
    const commit = store.commit(height);
    const set = store.validators(height);
    if (!commit || !set) return;
    const names = presentIn(commit, set).map((place) => toHex(set.at(place)!.key));
    for (const name of names) this.#add(name, 1);
    this.#signers.push(names);
    if (this.#signers.length > this.#window) for (const name of this.#signers.shift()!) this.#add(name, -1);
  }

  #add(name: string, by: number): void {
    const count = (this.#counts.get(name) ?? 0) + by;
    if (count === 0) this.#counts.delete(name);
    else this.#counts.set(name, count);
  }
}
