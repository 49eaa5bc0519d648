import { invalid } from './errors.ts';
import { decodeText } from './text.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WHITESPACE = ' \t\n\r';

/**
 * JSON as RFC 8259 spells it, and stricter where it leaves room: a key is there once, strings are well-formed
 * Unicode, numbers are finite, nesting and size are bounded. (JSON.parse takes the last of duplicate keys, so two
 * readers can see two different files.) Throws FORMAT_INVALID that names `what` and the place.
 */
export function parseJson(
  bytes: Uint8Array,
  what: string,
  { maxBytes = 64 << 20, maxDepth = 64 } = {},
): Json {
  if (bytes.length > maxBytes)
    throw invalid(`${what} has ${bytes.length} bytes, over the limit of ${maxBytes}`);
  return new Parser(decodeText(bytes, what), what, maxDepth).document();
}

class Parser {
  readonly #text: string;
  readonly #what: string;
  readonly #maxDepth: number;
  #at = 0;

  constructor(text: string, what: string, maxDepth: number) {
    this.#text = text;
    this.#what = what;
    this.#maxDepth = maxDepth;
  }

  document(): Json {
    const value = this.#value(0);
    this.#skipWhitespace();
    if (this.#at !== this.#text.length) this.#fail('text after the end');
    return value;
  }

  #value(depth: number): Json {
    this.#skipWhitespace();
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #object(depth: number): Json {
    const object: Record<string, Json> = {};
    this.#members(depth, '}', () => {
      this.#skipWhitespace();
      const key = this.#string();
      if (Object.hasOwn(object, key)) this.#fail(`key ${JSON.stringify(key).slice(0, 80)} is there twice`);
      this.#skipWhitespace();
      if (!this.#skip(':')) this.#fail('":" expected');
      const value = this.#value(depth + 1);
      if (key === '__proto__') Object.defineProperty(object, key, { value, enumerable: true });
      else object[key] = value;
    });
    return object;
  }

  #array(depth: number): Json {
    const values: Json[] = [];
    this.#members(depth, ']', () => values.push(this.#value(depth + 1)));
    return values;
  }

  #members(depth: number, close: string, member: () => void): void {
    if (depth >= this.#maxDepth) this.#fail(`nested deeper than ${this.#maxDepth}`);
    this.#at++;
    this.#skipWhitespace();
    if (this.#skip(close)) return;
    do {
      member();
      this.#skipWhitespace();
    } while (this.#skip(','));
    if (!this.#skip(close)) this.#fail(`"," or "${close}" expected`);
  }

  #string(): string {
    const quoted = this.#quoted();
    try {
      // Escapes and the ban on control characters are left to the platform's parser.
      const text = JSON.parse(quoted) as string;
      if (text.isWellFormed()) return text;
    } catch {
      // Reported below, with the place.
    }
    return this.#fail('malformed string');
  }

  /** The string literal that begins here, quotes and escapes included. */
  #quoted(): string {
    if (this.#text[this.#at] !== '"') this.#fail('string expected');
    let end = this.#at;
    do {
      end = this.#text.indexOf('"', end + 1);
      if (end < 0) this.#fail('string without an end');
    } while (this.#escaped(end));
    const quoted = this.#text.slice(this.#at, end + 1);
    this.#at = end + 1;
    return quoted;
  }

  /** Whether an odd number of backslashes stands before a character. */
  #escaped(at: number): boolean {
    let first = at;
    while (this.#text[first - 1] === '\\') first--;
    return (at - first) % 2 === 1;
  }

  #number(): number {
    const value = Number(this.#match(NUMBER) ?? this.#fail('value expected'));
    return Number.isFinite(value) ? value : this.#fail('number out of range');
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#fail('value expected');
    this.#at += word.length;
    return value;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #skip(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #skipWhitespace(): void {
    while (this.#at < this.#text.length && WHITESPACE.includes(this.#text[this.#at]!)) this.#at++;
  }

  #fail(reason: string): never {
    throw invalid(`${this.#what}: ${reason} at character ${this.#at}`);
  }
}
