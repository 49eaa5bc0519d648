/** Parser for the regular expressions of tokenizers (Oniguruma, Rust and JavaScript share most of the syntax). */
import { BitorchError } from '#base';
import { Alphabet, type CharacterSet } from './alphabet.ts';

export type RegexNode =
  | { kind: 'set'; set: CharacterSet }
  | { kind: 'sequence' | 'either'; parts: RegexNode[] }
  | { kind: 'repeat'; part: RegexNode; min: number; max: number }
  /** A lookaround or anchor: matches no characters itself, and may fail. */
  | { kind: 'lookaround'; part: RegexNode }
  | { kind: 'nothing' };

const MAX_DEPTH = 64;
const ANCHORS = 'bBAzZGK';
const NOTHING: RegexNode = { kind: 'nothing' };
const ANCHOR: RegexNode = { kind: 'lookaround', part: NOTHING };

const invalid = (reason: string): BitorchError => new BitorchError('REGEX_INVALID', reason);

/** Parses a pattern. Throws REGEX_INVALID for syntax errors and for features that tokenizers do not need. */
export function parseRegex(pattern: string): RegexNode {
  return new Parser(pattern).whole();
}

class Parser {
  readonly #characters: string[];
  readonly #alphabet: Alphabet;
  #at = 0;
  #depth = 0;
  #ignoreCase = false;

  constructor(pattern: string) {
    this.#characters = [...pattern];
    this.#alphabet = new Alphabet(pattern);
  }

  whole(): RegexNode {
    const node = this.#either();
    if (this.#at < this.#characters.length) throw invalid('a closing bracket too many');
    return node;
  }

  get #next(): string | undefined {
    return this.#characters[this.#at];
  }

  #take(expected?: string): string {
    const character = this.#characters[this.#at++];
    if (character === undefined || (expected !== undefined && character !== expected)) {
      throw invalid(expected === undefined ? 'the pattern ends early' : `"${expected}" was expected`);
    }
    return character;
  }

  #skip(text: string): boolean {
    const found = this.#characters.slice(this.#at, this.#at + text.length).join('') === text;
    if (found) this.#at += text.length;
    return found;
  }

  #either(): RegexNode {
    if (++this.#depth > MAX_DEPTH) throw invalid(`groups are nested deeper than ${MAX_DEPTH}`);
    const parts = [this.#sequence()];
    while (this.#skip('|')) parts.push(this.#sequence());
    this.#depth--;
    return parts.length === 1 ? parts[0]! : { kind: 'either', parts };
  }

  #sequence(): RegexNode {
    const parts: RegexNode[] = [];
    while (this.#next !== undefined && this.#next !== '|' && this.#next !== ')') {
      parts.push(this.#quantified(this.#atom()));
    }
    return { kind: 'sequence', parts };
  }

  #quantified(atom: RegexNode): RegexNode {
    let part = atom;
    for (let repeats = 0; ; repeats++) {
      const range = this.#range();
      if (!range) return part;
      if (repeats === MAX_DEPTH) throw invalid(`more than ${MAX_DEPTH} repetitions of one thing`);
      // Lazy and possessive repetition match the same texts as greedy repetition, or fewer.
      if (!this.#skip('?')) this.#skip('+');
      if (part.kind !== 'nothing' && part.kind !== 'lookaround') part = { kind: 'repeat', part, ...range };
    }
  }

  #range(): { min: number; max: number } | undefined {
    if (this.#skip('*')) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (this.#skip('+')) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (this.#skip('?')) return { min: 0, max: 1 };
    if (this.#next !== '{') return undefined;
    const rest = this.#characters.slice(this.#at, this.#at + 24).join('');
    const [text, min, comma, max] = /^\{(\d{0,6})(,?)(\d{0,6})\}/.exec(rest) ?? [];
    if (text === undefined || (min === '' && max === '')) return undefined;
    this.#at += text.length;
    if (!comma) return { min: Number(min), max: Number(min) };
    return { min: Number(min || 0), max: max === '' ? Number.POSITIVE_INFINITY : Number(max) };
  }

  #atom(): RegexNode {
    const character = this.#take();
    if (character === '(') return this.#group();
    if (character === '[') return { kind: 'set', set: this.#class() };
    if (character === '.') return { kind: 'set', set: this.#alphabet.without('\n') };
    if (character === '^' || character === '$') return ANCHOR;
    if (character === '\\') return this.#escape();
    return { kind: 'set', set: this.#alphabet.literal(character, this.#ignoreCase) };
  }

  #group(): RegexNode {
    const before = this.#ignoreCase;
    const look = ['?=', '?!', '?<=', '?<!'].some((sign) => this.#skip(sign));
    if (!look && this.#skip('?')) {
      if (this.#skip('#')) throw invalid('comments are not read');
      const sign = this.#flags();
      if (sign === 'flags') return NOTHING;
    }
    const part = this.#either();
    this.#take(')');
    this.#ignoreCase = before;
    return look ? { kind: 'lookaround', part } : part;
  }

  /** Parses what follows "(?" up to the content of a group. */
  #flags(): 'group' | 'flags' {
    if (this.#skip(':') || this.#skip('>') || this.#skip('|')) return 'group';
    const rest = this.#characters.slice(this.#at, this.#at + 64).join('');
    const name = /^P?<[A-Za-z_]\w*>/.exec(rest)?.[0];
    const flags = /^([a-zA-Z]*)(?:-([a-zA-Z]*))?([:)])/.exec(rest);
    if (name) this.#at += name.length;
    else if (flags) {
      this.#at += flags[0].length;
      if (flags[1]!.includes('i')) this.#ignoreCase = true;
      if (flags[2]?.includes('i')) this.#ignoreCase = false;
      if (flags[3] === ')') return 'flags';
    } else throw invalid('an unknown kind of group');
    return 'group';
  }

  #escape(): RegexNode {
    const character = this.#next;
    if (character !== undefined && ANCHORS.includes(character)) {
      this.#at++;
      return ANCHOR;
    }
    if (/[1-9k]/.test(character ?? '')) throw invalid('references to earlier groups are not accepted');
    return { kind: 'set', set: this.#escapedSet() };
  }

  #escapedSet(): CharacterSet {
    const character = this.#take();
    if (character === 'p' || character === 'P') return this.#property(character === 'P');
    const named = this.#alphabet.named(character);
    return named ?? this.#alphabet.literal(this.#escapedCharacter(character), this.#ignoreCase);
  }

  #property(negated: boolean): CharacterSet {
    let name = this.#take();
    if (name === '{') {
      name = '';
      while (this.#next !== '}') {
        name += this.#take();
        if (name.length > 64) throw invalid('a property has no end');
      }
      this.#take('}');
    }
    const inverted = name.startsWith('^');
    const set = this.#alphabet.property(inverted ? name.slice(1) : name);
    if (!set) throw invalid(`the unknown property ${name}`);
    return negated !== inverted ? this.#alphabet.not(set) : set;
  }

  #escapedCharacter(character: string): string {
    const plain = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v', a: '\x07', e: '\x1b', 0: '\0' }[character];
    if (plain !== undefined) return plain;
    if (character !== 'x' && character !== 'u' && character !== 'U') return character;
    const rest = this.#characters.slice(this.#at, this.#at + 12).join('');
    const digits = { x: 2, u: 4, U: 8 }[character];
    const found = new RegExp(`^(?:\\{([0-9a-fA-F]{1,6})\\}|([0-9a-fA-F]{${digits}}))`).exec(rest);
    const code = Number.parseInt(found?.[1] ?? found?.[2] ?? '', 16);
    if (!found || code > 0x10ffff) throw invalid('an escape of no character');
    this.#at += found[0].length;
    return String.fromCodePoint(code);
  }

  /** Parses a bracketed class, with nested classes and intersections (&&) as in Oniguruma and Rust. */
  #class(): CharacterSet {
    if (++this.#depth > MAX_DEPTH) throw invalid(`classes are nested deeper than ${MAX_DEPTH}`);
    const negated = this.#skip('^');
    let set: CharacterSet = 0n;
    let limit: CharacterSet | undefined;
    for (let first = true; first || this.#next !== ']'; first = false) {
      if (this.#skip('&&')) {
        limit = limit === undefined ? set : limit & set;
        set = 0n;
      } else set |= this.#classItem();
    }
    this.#take(']');
    this.#depth--;
    if (limit !== undefined) set &= limit;
    return negated ? this.#alphabet.not(set) : set;
  }

  #classItem(): CharacterSet {
    if (this.#skip('[:')) {
      const rest = this.#characters.slice(this.#at, this.#at + 24).join('');
      const [text, inverted, name] = /^(\^?)(\w+):\]/.exec(rest) ?? [];
      const set = name && this.#alphabet.posix(name);
      if (!set) throw invalid('an unknown class');
      this.#at += text!.length;
      return inverted ? this.#alphabet.not(set) : set;
    }
    if (this.#skip('[')) return this.#class();
    const from = this.#classCharacter();
    if (typeof from !== 'string') return from;
    const dash = this.#next === '-' && ![']', undefined, '['].includes(this.#characters[this.#at + 1]);
    if (!dash || this.#characters.slice(this.#at, this.#at + 2).join('') === '--') {
      return this.#alphabet.literal(from, this.#ignoreCase);
    }
    this.#take('-');
    const to = this.#classCharacter();
    if (typeof to !== 'string')
      return this.#alphabet.literal(from, this.#ignoreCase) | this.#alphabet.literal('-', false) | to;
    return this.#alphabet.range(from, to, this.#ignoreCase);
  }

  #classCharacter(): string | CharacterSet {
    const character = this.#take();
    if (character !== '\\') return character;
    const escaped = this.#take();
    if (escaped === 'p' || escaped === 'P') return this.#property(escaped === 'P');
    return this.#alphabet.named(escaped) ?? (escaped === 'b' ? '\b' : this.#escapedCharacter(escaped));
  }
}
