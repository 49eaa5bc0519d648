import { BitorchError } from '#base';
import type { Token, TokenKind } from './lexer.ts';

/** A node of a template's syntax tree: `type` names it, other fields hold children and values. */
export interface TemplateNode {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** Maximum nesting of brackets, blocks, prefixes and conditions, so that no machine's stack overflows. */
const MAX_DEPTH = 200;

/** A position in the tokens of a template. */
export class TokenCursor {
  protected readonly tokens: readonly Token[];
  protected at = 0;
  protected depth = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  protected get current(): Token {
    return this.tokens[this.at]!;
  }

  protected next(): Token {
    const token = this.current;
    if (token.kind !== 'eof') this.at++;
    return token;
  }

  protected is(kind: TokenKind, value?: string): boolean {
    const token = this.current;
    return token.kind === kind && (value === undefined || token.value === value);
  }

  protected isWord = (value: string): boolean => this.is('name', value);
  protected isOperator = (value: string): boolean => this.is('operator', value);

  protected skip(kind: TokenKind, value: string): boolean {
    const found = this.is(kind, value);
    if (found) this.at++;
    return found;
  }

  protected expect(kind: TokenKind, value?: string): Token {
    if (!this.is(kind, value)) throw this.unexpected(value);
    return this.next();
  }

  protected unexpected(wanted?: string): BitorchError {
    const { kind, value } = this.current;
    const found = kind === 'eof' ? 'the end of the template' : JSON.stringify(value.slice(0, 40) || kind);
    return this.invalid(`${found} where ${wanted ? `"${wanted}"` : 'something else'} should be`);
  }

  protected invalid(what: string): BitorchError {
    const { line } = this.current;
    return new BitorchError('TEMPLATE_INVALID', `the chat template cannot be read: ${what} in line ${line}`);
  }

  protected nested<T>(parse: () => T): T {
    if (++this.depth > MAX_DEPTH) throw this.invalid(`it is nested deeper than ${MAX_DEPTH} levels`);
    const result = parse();
    this.depth--;
    return result;
  }
}
