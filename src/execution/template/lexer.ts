/**
 * Jinja's lexer (jinja2/lexer.py) with the settings of transformers: `trim_blocks`, `lstrip_blocks`, one trailing
 * newline removed.
 */
import { BitorchError } from '#base';
import { BLANK, strip } from './characters.ts';

export type TokenKind =
  | 'data'
  | 'name'
  | 'string'
  | 'integer'
  | 'float'
  | 'operator'
  | 'variable_begin'
  | 'variable_end'
  | 'block_begin'
  | 'block_end'
  | 'eof';

export interface Token {
  readonly kind: TokenKind;
  /** Names and operators as written, strings with escapes decoded, numbers as digits. */
  readonly value: string;
  readonly line: number;
}

const OPENING = /\{([{%#])([-+]?)/g;
const RAW = new RegExp(`\\{%[-+]?[${BLANK}]*raw[${BLANK}]*(-?)%\\}`, 'y');
const COMMENT_END = /([-+]?)#\}/g;
const RAW_END = new RegExp(`\\{%([-+]?)[${BLANK}]*endraw[${BLANK}]*([-+]?)%\\}`, 'g');
const BLANKS = new RegExp(`[${BLANK}]*`, 'y');
const FLOAT = /(?<!\.)(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?[eE][-+]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/y;
const INTEGER = /0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[\da-fA-F])+|[1-9](?:_?\d)*|0(?:_?0)*/y;
const NAME = /[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*/uy;
const STRING = /'[^'\\]*(?:\\[\s\S][^'\\]*)*'|"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y;
const OPERATOR = /\/\/|\*\*|==|!=|>=|<=|[-+/*%~[\](){}<>=.:|,;]/y;
const CLOSING: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

/** Splits a template into tokens, in time linear in its length. Throws TEMPLATE_INVALID. */
export function tokenize(template: string): Token[] {
  return new Lexer(template.replace(/\r\n?/g, '\n').replace(/\n$/, '')).run();
}

class Lexer {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #line = 1;
  #counted = 0;
  /** Whether the preceding text is empty or ends with a newline: only then are blanks before a tag removed. */
  #lineStarts = true;

  constructor(source: string) {
    this.#source = source;
  }

  run(): Token[] {
    while (this.#at < this.#source.length) {
      OPENING.lastIndex = this.#at;
      const found = OPENING.exec(this.#source);
      if (!found) {
        this.#data(this.#source.slice(this.#at));
        break;
      }
      const [tag, kind, sign] = found;
      this.#text(found.index, sign!, kind !== '{');
      this.#at = found.index;
      if (kind === '#') this.#comment(tag.length);
      else if (kind === '%' && this.#rawBegins()) this.#raw();
      else this.#inside(kind === '{' ? 'variable' : 'block', tag.length);
      this.#lineStarts = this.#source[this.#at - 1] === '\n';
    }
    this.#push('eof', '');
    return this.#tokens;
  }

  #push(kind: TokenKind, value: string): undefined {
    for (; this.#counted < this.#at; this.#counted++)
      if (this.#source.charCodeAt(this.#counted) === 10) this.#line++;
    this.#tokens.push({ kind, value, line: this.#line });
  }

  #data(text: string): undefined {
    if (text !== '') this.#push('data', text);
  }

  /** The text before a tag: `-` removes the white space before it; otherwise a block removes the blanks of its line. */
  #text(end: number, sign: string, isBlock: boolean): undefined {
    const text = this.#source.slice(this.#at, end);
    if (sign === '-') return this.#data(strip(text, 'right', undefined));
    if (sign !== '+' && isBlock) {
      const lineAt = text.lastIndexOf('\n') + 1;
      if ((lineAt > 0 || this.#lineStarts) && strip(text.slice(lineAt), 'right', undefined) === '')
        return this.#data(text.slice(0, lineAt));
    }
    this.#data(text);
  }

  #skipBlanks(): void {
    BLANKS.lastIndex = this.#at;
    BLANKS.exec(this.#source);
    this.#at = BLANKS.lastIndex;
  }

  /** After a block or comment: `-` removes all white space, `+` none, nothing removes one newline. */
  #trimAfter(sign: string): void {
    if (sign === '-') this.#skipBlanks();
    else if (sign === '' && this.#source[this.#at] === '\n') this.#at++;
  }

  #comment(length: number): void {
    COMMENT_END.lastIndex = this.#at + length;
    const end = COMMENT_END.exec(this.#source);
    if (!end) throw this.#invalid('a comment has no end');
    this.#at = COMMENT_END.lastIndex;
    this.#trimAfter(end[1]!);
  }

  #rawBegins(): boolean {
    RAW.lastIndex = this.#at;
    const begin = RAW.exec(this.#source);
    if (!begin) return false;
    this.#at = RAW.lastIndex;
    if (begin[1] === '-') this.#skipBlanks();
    return true;
  }

  #raw(): void {
    this.#lineStarts = this.#source[this.#at - 1] === '\n';
    RAW_END.lastIndex = this.#at;
    const end = RAW_END.exec(this.#source);
    if (!end) throw this.#invalid('a raw block has no end');
    this.#text(end.index, end[1]!, true);
    this.#at = RAW_END.lastIndex;
    this.#trimAfter(end[2]!);
  }

  #inside(tag: 'variable' | 'block', length: number): void {
    this.#push(`${tag}_begin`, '');
    this.#at += length;
    const open: string[] = [];
    while (!this.#ends(tag, open.length === 0)) {
      this.#skipBlanks();
      if (this.#at >= this.#source.length) throw this.#invalid('a tag has no end');
      if (this.#ends(tag, open.length === 0)) return;
      this.#token(open);
    }
  }

  #ends(tag: 'variable' | 'block', balanced: boolean): boolean {
    if (!balanced) return false;
    const close = tag === 'variable' ? '}}' : '%}';
    const signed = this.#source[this.#at] === '-' || (tag === 'block' && this.#source[this.#at] === '+');
    const sign = signed && this.#source.startsWith(close, this.#at + 1) ? this.#source[this.#at]! : '';
    if (!this.#source.startsWith(close, this.#at + sign.length)) return false;
    this.#at += sign.length + 2;
    this.#push(`${tag}_end`, '');
    if (tag === 'block') this.#trimAfter(sign);
    else if (sign === '-') this.#skipBlanks();
    return true;
  }

  #token(open: string[]): undefined {
    const float = this.#match(FLOAT);
    if (float !== undefined) return this.#push('float', float.replaceAll('_', ''));
    const integer = this.#match(INTEGER);
    if (integer !== undefined) return this.#push('integer', integer.replaceAll('_', ''));
    const name = this.#match(NAME);
    if (name !== undefined) return this.#push('name', name);
    const string = this.#match(STRING);
    if (string !== undefined) return this.#push('string', this.#unescape(string.slice(1, -1)));
    const operator = this.#match(OPERATOR);
    if (operator === undefined)
      throw this.#invalid(`an unexpected ${JSON.stringify(this.#source[this.#at])}`);
    if ('([{'.includes(operator)) open.push(operator);
    const opened = CLOSING[operator];
    if (opened && open.pop() !== opened) throw this.#invalid(`an unexpected "${operator}"`);
    this.#push('operator', operator);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  /** Python's escapes; unknown ones stay as they are. */
  #unescape(text: string): string {
    return text.replace(
      /\\(?:([0-7]{1,3})|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([\s\S]))/gu,
      (all, octal: string, x: string, u: string, U: string, other: string) => {
        if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
        const hex = x ?? u ?? U;
        if (hex !== undefined) {
          const code = Number.parseInt(hex, 16);
          if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) throw this.#invalid(`the escape ${all}`);
          return String.fromCodePoint(code);
        }
        if ('xuUN'.includes(other)) throw this.#invalid(`the escape ${all}`);
        const code = other.codePointAt(0)!;
        if (code >= 0x80) return `\\${asciiEscape(code)}`;
        return ESCAPES[other] ?? all;
      },
    );
  }

  #invalid(what: string): BitorchError {
    return new BitorchError(
      'TEMPLATE_INVALID',
      `the chat template cannot be read: ${what} in line ${this.#line}`,
    );
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/**
 * jinja2 escapes other characters before it decodes escapes, so a backslash before one stays, and so does the escape.
 */
function asciiEscape(code: number): string {
  const hex = code.toString(16);
  if (code < 0x100) return `x${hex.padStart(2, '0')}`;
  return code < 0x10000 ? `u${hex.padStart(4, '0')}` : `U${hex.padStart(8, '0')}`;
}
