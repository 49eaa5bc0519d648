import { BitorchError } from '#base';

/** Finds the places where a text would become a control token of the tokenizer. */
export interface TextGuard {
  /** Number of unguarded places in a text where a control token begins, including one cut off by the end. */
  count(text: string): number;
  /** The text with each of these places guarded. */
  guard(text: string): string;
}

export interface TemplateLimits {
  /** Nodes evaluated, blocks entered and items iterated over. */
  readonly maxSteps: number;
  /** Characters of all intermediate values and of the rendered text. */
  readonly maxText: number;
  /** Characters read or written by all operations together. */
  readonly maxWork: number;
  /** Steps that are left to several renderings together. */
  readonly pool?: { steps: number };
}

/** Cost of creating a value, in characters, in addition to its length. */
const VALUE_COST = 16;
const MAX_ITEMS = 1 << 16;

/** What a rendering may still spend. The same template and values cost the same on every machine. */
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
    const { pool } = this.#limits;
    if (pool && --pool.steps < 0) throw overLimit('more steps in all than its trials may take');
  }

  /** Charges for characters that are about to be read or written. */
  charge(characters: number): void {
    this.#work += characters;
    if (!(this.#work <= this.#limits.maxWork))
      throw overLimit(`more than ${this.#limits.maxWork} characters read and written`);
  }

  /** Charges for items that are about to be visited. */
  items(count: number): void {
    this.charge(VALUE_COST * count);
  }

  /** Charges for a text that is about to be created. */
  text(characters: number): void {
    if (!(characters <= this.#limits.maxText))
      throw overLimit(`a value grows beyond ${this.#limits.maxText}`);
    this.charge(characters);
  }

  /** Charges for a list that is about to be created. */
  list(count: number): void {
    if (!(count <= MAX_ITEMS)) throw overLimit(`a list of more than ${MAX_ITEMS} items`);
    this.items(count);
  }
}

export const overLimit = (what: string): BitorchError => new BitorchError('TEMPLATE_LIMIT', what);

/** An exception raised by the template, an error of Python, or a feature that this interpreter lacks. */
export const refused = (reason: string): BitorchError =>
  new BitorchError('TEMPLATE_REFUSES', reason.slice(0, 1024));
