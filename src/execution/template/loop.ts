import { type Budget, refused } from './budget.ts';
import { Callable, equal, LoopState, orElse, Undefined, type Value } from './values.ts';

/**
 * The turns of a loop (jinja2/runtime.py, LoopContext). Items are fetched lazily: one ahead when the template asks
 * whether a turn is the last, all of them when it asks for the length.
 */
export class Loop extends LoopState {
  readonly #iterator: Iterator<Value>;
  readonly #budget: Budget;
  readonly #ahead: Value[] = [];
  #index = -1;
  #length: number | undefined;
  #before: Value | undefined;
  #current: Value | undefined;
  #changed: readonly Value[] | undefined;

  constructor(items: Iterable<Value>, budget: Budget) {
    super();
    this.#iterator = items[Symbol.iterator]();
    this.#budget = budget;
  }

  /** The item of the next turn; undefined after the last. */
  next(): Value | undefined {
    const item = this.#peek();
    if (item === undefined) return undefined;
    this.#ahead.shift();
    this.#before = this.#current;
    this.#current = item;
    this.#index++;
    return item;
  }

  #peek(): Value | undefined {
    if (this.#ahead.length === 0 && !this.#take()) return undefined;
    return this.#ahead[0];
  }

  #take(): boolean {
    const { done, value } = this.#iterator.next();
    if (!done) this.#ahead.push(value as Value);
    return !done;
  }

  #total(): number {
    if (this.#length === undefined) {
      while (this.#take());
      this.#length = this.#index + 1 + this.#ahead.length;
    }
    return this.#length;
  }

  attribute(name: string): Value | undefined {
    switch (name) {
      case 'index0':
        return this.#index;
      case 'index':
        return this.#index + 1;
      case 'first':
        return this.#index === 0;
      case 'last':
        return this.#peek() === undefined;
      case 'length':
        return this.#total();
      case 'revindex':
        return this.#total() - this.#index;
      case 'revindex0':
        return this.#total() - this.#index - 1;
      case 'previtem':
        return orElse(this.#before, () => new Undefined('there is no previous item'));
      case 'nextitem':
        return orElse(this.#peek(), () => new Undefined('there is no next item'));
      case 'depth':
        return 1;
      case 'depth0':
        return 0;
      case 'cycle':
        return new Callable('cycle', ({ positional }) => {
          if (positional.length === 0) throw refused('no items for cycling given');
          return positional[this.#index % positional.length]!;
        });
      case 'changed':
        return new Callable('changed', ({ positional }) => this.#changes(positional));
      default:
        return undefined;
    }
  }

  #changes(values: readonly Value[]): boolean {
    const last = this.#changed;
    this.#changed = values;
    return !last || !equal(last, values, this.#budget);
  }
}
