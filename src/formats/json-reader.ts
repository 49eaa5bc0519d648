import { invalid } from './errors.ts';
import { KeySet } from './key-set.ts';

export type JsonScalar = null | boolean | number | string;

/** Callbacks for the tokens of a JSON document, in document order. */
export interface JsonVisitor {
  open(kind: '{' | '['): void;
  close(): void;
  key(name: string): void;
  value(value: JsonScalar): void;
}

export interface JsonLimits {
  maxDepth?: number;
  /** Maximum number of keys in all open objects together. */
  maxKeys?: number;
  /** Maximum length of a string in characters, before unescaping. */
  maxString?: number;
  /** Whether to accept NaN, Infinity and -Infinity, which Python's json module writes. */
  pythonNumbers?: boolean;
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const BLANK = /[ \t\n\r]*/y;
const WORD = /[a-zA-Z]+/y;
/** A string without escapes. */
const PLAIN = /"[^"\\\p{Cc}]*"/uy;
const MAX_NUMBER = 1024;
/** From this length on, V8 slices share the memory of the original string. */
const SLICED = 13;

type Expect = 'value' | 'first-value' | 'key' | 'first-key' | 'colon' | 'comma' | 'end';

/**
 * Streaming JSON parser (RFC 8259), strict where the RFC leaves room: keys are unique, strings are well-formed Unicode, numbers
 * are finite, nesting and lengths are bounded. (JSON.parse keeps the last of duplicate keys, so two parsers can disagree on the
 * same file.) Retains only the current token and what it needs to detect duplicate keys in open objects. Throws FORMAT_INVALID,
 * which names `what` and the position.
 */
export class JsonReader {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  readonly #what: string;
  readonly #visitor: JsonVisitor;
  readonly #limits: Required<JsonLimits>;
  /** Open containers, outermost first: the keys of an object so far, null for an array. */
  readonly #open: (KeySet | null)[] = [];
  #keys = 0;
  #text = '';
  #at = 0;
  /** Characters of the document before #text. */
  #before = 0;
  /** Length that #text must reach before an incomplete token is parsed again. */
  #wanted = 0;
  #expect: Expect = 'value';

  constructor(what: string, visitor: JsonVisitor, limits: JsonLimits = {}) {
    this.#what = what;
    this.#visitor = visitor;
    this.#limits = { maxDepth: 64, maxKeys: 1 << 20, maxString: 1 << 26, pythonNumbers: false, ...limits };
  }

  /** Parses the next piece of the document. */
  write(bytes: Uint8Array): void {
    this.#append(bytes);
    if (this.#text.length >= this.#wanted) this.#run(false);
  }

  /** Ends the document. Throws FORMAT_INVALID when it is incomplete. */
  end(): void {
    this.#append();
    this.#run(true);
    if (this.#expect !== 'end') this.#fail('the document ends early');
  }

  #append(bytes?: Uint8Array): void {
    let more: string;
    try {
      more = bytes ? this.#decoder.decode(bytes, { stream: true }) : this.#decoder.decode();
    } catch {
      throw invalid(`${this.#what} is not UTF-8`);
    }
    this.#before += this.#at;
    this.#text = this.#at === this.#text.length ? more : this.#text.slice(this.#at) + more;
    this.#at = 0;
  }

  #run(final: boolean): void {
    this.#wanted = 0;
    for (;;) {
      BLANK.lastIndex = this.#at;
      BLANK.test(this.#text);
      this.#at = BLANK.lastIndex;
      if (this.#at === this.#text.length) return;
      if (!this.#token(this.#text[this.#at]!, final)) {
        this.#wanted = 2 * (this.#text.length - this.#at);
        return;
      }
    }
  }

  /** Parses one token; false when it is incomplete. */
  #token(character: string, final: boolean): boolean {
    switch (this.#expect) {
      case 'end':
        return this.#fail('text after the end');
      case 'colon':
        if (character !== ':') this.#fail('":" expected');
        this.#at++;
        this.#expect = 'value';
        return true;
      case 'comma':
        return this.#commaOrClose(character);
      case 'first-key':
        if (character === '}') return this.#close();
        return this.#key(final);
      case 'key':
        return this.#key(final);
      case 'first-value':
        if (character === ']') return this.#close();
        return this.#value(character, final);
      case 'value':
        return this.#value(character, final);
    }
  }

  #commaOrClose(character: string): boolean {
    const inObject = this.#open.at(-1) !== null;
    if (character === (inObject ? '}' : ']')) return this.#close();
    if (character !== ',') this.#fail(`"," or "${inObject ? '}' : ']'}" expected`);
    this.#at++;
    this.#expect = inObject ? 'key' : 'value';
    return true;
  }

  #close(): boolean {
    this.#at++;
    this.#keys -= this.#open.pop()?.size ?? 0;
    this.#visitor.close();
    this.#after();
    return true;
  }

  #after(): void {
    this.#expect = this.#open.length === 0 ? 'end' : 'comma';
  }

  #key(final: boolean): boolean {
    const start = this.#at;
    const key = this.#string(final);
    if (key === undefined) return false;
    if (!this.#open.at(-1)!.add(key)) {
      this.#at = start;
      this.#fail(`duplicate key ${JSON.stringify(key.slice(0, 80))}`);
    }
    if (++this.#keys > this.#limits.maxKeys) this.#fail(`more than ${this.#limits.maxKeys} keys are open`);
    this.#visitor.key(key);
    this.#expect = 'colon';
    return true;
  }

  #value(character: string, final: boolean): boolean {
    if (character === '{' || character === '[') {
      if (this.#open.length >= this.#limits.maxDepth) {
        this.#fail(`nested deeper than ${this.#limits.maxDepth}`);
      }
      this.#at++;
      this.#open.push(character === '{' ? new KeySet() : null);
      this.#expect = character === '{' ? 'first-key' : 'first-value';
      this.#visitor.open(character);
      return true;
    }
    const value = character === '"' ? this.#string(final) : this.#word(character, final);
    if (value === undefined) return false;
    this.#visitor.value(value);
    this.#after();
    return true;
  }

  #string(final: boolean): string | undefined {
    if (this.#text[this.#at] !== '"') this.#fail('string expected');
    PLAIN.lastIndex = this.#at;
    if (PLAIN.test(this.#text)) {
      const text = this.#text.slice(this.#at + 1, PLAIN.lastIndex - 1);
      if (!text.isWellFormed()) this.#fail('malformed string');
      const quoted = this.#text.slice(this.#at, PLAIN.lastIndex);
      this.#at = PLAIN.lastIndex;
      // A longer slice would keep the whole text in memory; JSON.parse makes a copy.
      return text.length < SLICED ? text : (JSON.parse(quoted) as string);
    }
    const end = this.#endOfString();
    if (end === undefined) {
      if (this.#text.length - this.#at > this.#limits.maxString) this.#fail('a string is too long');
      if (final) this.#fail('unterminated string');
      return undefined;
    }
    try {
      // JSON.parse handles escapes and rejects control characters.
      const text = JSON.parse(this.#text.slice(this.#at, end + 1)) as string;
      if (text.isWellFormed()) {
        this.#at = end + 1;
        return text;
      }
    } catch {
      // Reported below, with the position.
    }
    return this.#fail('malformed string');
  }

  /** Index of the quote that ends the string at #at; undefined when it is not in #text. */
  #endOfString(): number | undefined {
    for (let end = this.#text.indexOf('"', this.#at + 1); end >= 0; end = this.#text.indexOf('"', end + 1)) {
      let first = end;
      while (this.#text[first - 1] === '\\') first--;
      if ((end - first) % 2 === 0) return end;
    }
    return undefined;
  }

  /** Parses a number or a literal; undefined when it is incomplete. */
  #word(character: string, final: boolean): JsonScalar | undefined {
    const pattern = /[a-zA-Z]/.test(character) ? WORD : NUMBER;
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    const end = this.#at + (found?.length ?? 1);
    // A number may continue in the next piece ("1." and "-I" do not even match yet).
    const open = this.#text.length - end < 3 || this.#text.length - this.#at < 12;
    if (!final && open && this.#text.length - this.#at < MAX_NUMBER) return undefined;
    if (this.#limits.pythonNumbers && this.#text.startsWith('-Infinity', this.#at)) {
      this.#at += 9;
      return Number.NEGATIVE_INFINITY;
    }
    if (found === undefined || found.length > MAX_NUMBER) this.#fail('value expected');
    const value = pattern === WORD ? this.#named(found) : Number(found);
    if (pattern === NUMBER && !Number.isFinite(value)) this.#fail('number out of range');
    this.#at = end;
    return value;
  }

  #named(word: string): JsonScalar {
    if (word === 'true') return true;
    if (word === 'false') return false;
    if (word === 'null') return null;
    if (this.#limits.pythonNumbers && word === 'NaN') return Number.NaN;
    if (this.#limits.pythonNumbers && word === 'Infinity') return Number.POSITIVE_INFINITY;
    return this.#fail('value expected');
  }

  #fail(reason: string): never {
    throw invalid(`${this.#what}: ${reason} at character ${this.#before + this.#at}`);
  }
}
