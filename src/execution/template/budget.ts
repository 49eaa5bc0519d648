import { BitorchError } from '#base';

/** Where a text would become a control token of the tokenizer. */
export interface TextGuard {
  /** Number of unguarded places in a text where a control token begins, also one that is cut off by the end. */
  count(text: string): number;
  /** The text with each of these places guarded. */
  guard(text: string): string;
}

export interface TemplateLimits {
  /** Nodes evaluated, blocks entered and items iterated over. */
  readonly maxSteps: number;
  /** Characters of any value on the way, and of what is rendered. */
  readonly maxText: number;
  /** Characters read or written by all operations together. */
  readonly maxWork: number;
}

/** What making a value costs beside its characters, in characters. */
const VALUE_COST = 16;
const MAX_ITEMS = 1 << 16;

/** What a rendering may still cost. The same template and values cost the same on every machine. */
export class Budget {
  readonly #limits: TemplateLimits;
  /** Applied to the results of text operations. */
  readonly guard: TextGuard | undefined;
  #steps = 0;
  #work = 0;

  constructor(limits: TemplateLimits, guard?: TextGuard) {
    this.#limits = limits;
    this.guard = guard;
  }

  step(): void {
    if (++this.#steps > this.#limits.maxSteps) throw overLimit(`more than ${this.#limits.maxSteps} steps`);
  }

  /** So many characters are about to be read or written. */
  charge(characters: number): void {
    this.#work += characters;
    if (!(this.#work <= this.#limits.maxWork))
      throw overLimit(`more than ${this.#limits.maxWork} characters read and written`);
  }

  /** So many items are about to be looked at. */
  items(count: number): void {
    this.charge(VALUE_COST * count);
  }

  /** A text of so many characters is about to be made. */
  text(characters: number): void {
    if (!(characters <= this.#limits.maxText))
      throw overLimit(`a value grows beyond ${this.#limits.maxText}`);
    this.charge(characters);
  }

  /** A list of so many items is about to be made. */
  list(count: number): void {
    if (!(count <= MAX_ITEMS)) throw overLimit(`a list of more than ${MAX_ITEMS} items`);
    this.items(count);
  }
}

export const overLimit = (what: string): BitorchError => new BitorchError('TEMPLATE_LIMIT', what);

/** What the template refuses, what Python would refuse, and what this interpreter lacks. */
export const refused = (reason: string): BitorchError =>
  new BitorchError('TEMPLATE_REFUSES', reason.slice(0, 1024));
