/** Jinja's parser (jinja2/parser.py): the statements and expressions of chat templates, as a tree of plain nodes. */
import { ExpressionParser } from './expression-parser.ts';
import { tokenize } from './lexer.ts';
import type { TemplateNode } from './token-cursor.ts';

const RESERVED = new Set(['true', 'false', 'none', 'True', 'False', 'None']);
/** Jinja statements that load other templates or change how one is rendered. No chat template needs them. */
const UNSUPPORTED = new Set(
  'block extends print include from import with autoescape trans debug do'.split(' '),
);

/**
 * Parses a Jinja template. Throws TEMPLATE_INVALID for a syntax error, for statements that chat templates do not use,
 * and for nesting that could overflow the stack of some machine.
 */
export function parseTemplate(source: string): TemplateNode {
  return new Parser(tokenize(source)).program();
}

class Parser extends ExpressionParser {
  #loops = 0;

  program(): TemplateNode {
    const body = this.#statements();
    if (this.current.kind !== 'eof') throw this.unexpected();
    return { type: 'Program', body };
  }

  /** Parses up to a block that begins with one of these words (which is left to the caller), or to the end. */
  #statements(...ends: string[]): TemplateNode[] {
    const body: TemplateNode[] = [];
    for (;;) {
      const { kind, value } = this.current;
      if (kind === 'eof') {
        if (ends.length > 0) throw this.unexpected(ends[0]);
        return body;
      }
      if (kind === 'data') {
        body.push({ type: 'StringLiteral', value });
        this.at++;
      } else if (kind === 'variable_begin') {
        this.at++;
        body.push(this.tuple());
        this.expect('variable_end');
      } else {
        this.expect('block_begin');
        if (this.is('name') && ends.includes(this.current.value)) return body;
        body.push(this.nested(() => this.#statement()));
        this.expect('block_end');
      }
    }
  }

  /** The body of a block, including the last tag's name. */
  #block(end: string): TemplateNode[] {
    this.expect('block_end');
    const body = this.#statements(end);
    this.expect('name', end);
    return body;
  }

  #statement(): TemplateNode {
    const word = this.expect('name').value;
    switch (word) {
      case 'if':
        return this.#if();
      case 'for':
        return this.#for();
      case 'set':
        return this.#set();
      case 'macro':
        return this.#macro();
      case 'call':
        return this.#call();
      case 'filter':
        return this.#filterBlock(this.filter(), 'endfilter');
      case 'generation':
        // Marks the assistant's text for training. Its content is rendered unchanged, in a scope of its own.
        return this.#filterBlock({ type: 'Identifier', value: 'string' }, 'endgeneration');
      case 'break':
      case 'continue':
        if (this.#loops === 0) throw this.invalid(`"${word}" outside of a loop`);
        return { type: word === 'break' ? 'Break' : 'Continue' };
      default:
        throw this.invalid(
          UNSUPPORTED.has(word)
            ? `the statement ${word}, which chat templates do not have`
            : `the unknown statement ${word}`,
        );
    }
  }

  /** Bodies that become functions of their own: a loop around them cannot be left from inside. */
  #outsideLoops<T>(parse: () => T): T {
    const loops = this.#loops;
    this.#loops = 0;
    const result = parse();
    this.#loops = loops;
    return result;
  }

  #if(): TemplateNode {
    const branches: { test: TemplateNode; body: TemplateNode[] }[] = [];
    let otherwise: TemplateNode[] = [];
    for (let word = 'if'; word !== 'endif'; ) {
      if (word === 'else') {
        this.expect('block_end');
        otherwise = this.#statements('endif');
      } else {
        const test = this.tuple({ conditional: false });
        this.expect('block_end');
        branches.push({ test, body: this.#statements('elif', 'else', 'endif') });
      }
      word = this.expect('name').value;
    }
    let alternate = otherwise;
    for (const [n, { test, body }] of [...branches.entries()].reverse())
      alternate = [{ type: 'If', test, body, alternate, chained: n > 0 }];
    return alternate[0]!;
  }

  #for(): TemplateNode {
    const loopvar = this.#target(() => this.isWord('in'));
    this.expect('name', 'in');
    const items = this.tuple({ conditional: false, ends: () => this.isWord('recursive') });
    const filtered = this.skip('name', 'if');
    const iterable = filtered ? { type: 'SelectExpression', lhs: items, test: this.expression() } : items;
    if (this.isWord('recursive')) throw this.invalid('a recursive loop, which chat templates do not have');
    this.expect('block_end');
    this.#loops++;
    const body = this.#statements('endfor', 'else');
    this.#loops--;
    const defaultBlock = this.expect('name').value === 'else' ? this.#block('endfor') : [];
    return { type: 'For', loopvar, iterable, body, defaultBlock, filtered };
  }

  #set(): TemplateNode {
    const assignee = this.#target(() => false, true);
    if (this.skip('operator', '=')) return { type: 'Set', assignee, value: this.tuple(), body: [] };
    const more = this.#moreFilters();
    return {
      type: 'Set',
      assignee,
      value: null,
      body: this.#outsideLoops(() => this.#block('endset')),
      more,
    };
  }

  #macro(): TemplateNode {
    const name = this.#name();
    const args = this.#signature();
    return { type: 'Macro', name, args, body: this.#outsideLoops(() => this.#block('endmacro')) };
  }

  #call(): TemplateNode {
    const callerArgs = this.isOperator('(') ? this.#signature() : null;
    const call = this.expression();
    if (call.type !== 'CallExpression') throw this.invalid('"call" without a call');
    return {
      type: 'CallStatement',
      call,
      callerArgs,
      body: this.#outsideLoops(() => this.#block('endcall')),
    };
  }

  #filterBlock(first: TemplateNode, end: string): TemplateNode {
    const more = this.#moreFilters();
    const body = this.#outsideLoops(() => this.#block(end));
    return { type: 'FilterStatement', filter: first, more, body };
  }

  /** Filters of a block, each as a filter of nothing. */
  #moreFilters(): TemplateNode[] {
    const filters: TemplateNode[] = [];
    while (this.skip('operator', '|'))
      filters.push({ type: 'FilterExpression', operand: null, filter: this.filter() });
    return filters;
  }

  /** "(a, b=1)". */
  #signature(): TemplateNode[] {
    this.expect('operator', '(');
    const args: TemplateNode[] = [];
    while (!this.skip('operator', ')')) {
      if (args.length > 0) this.expect('operator', ',');
      const key = this.#name();
      if (this.skip('operator', '='))
        args.push({ type: 'KeywordArgumentExpression', key, value: this.expression() });
      else if (args.at(-1)?.type === 'KeywordArgumentExpression')
        throw this.invalid('an argument without a default after one with');
      else args.push(key);
    }
    return args;
  }

  #name(): TemplateNode {
    const { value } = this.expect('name');
    if (RESERVED.has(value)) throw this.invalid(`"${value}" as the name of a variable`);
    return { type: 'Identifier', value };
  }

  /** What a loop or "set" assigns to. */
  #target(ends: () => boolean, withNamespace = false): TemplateNode {
    const names: TemplateNode[] = [];
    let isTuple = false;
    do {
      if (names.length > 0 && (ends() || this.is('block_end') || this.isOperator('='))) break;
      names.push(this.#targetName(withNamespace));
      isTuple ||= this.isOperator(',');
    } while (this.skip('operator', ','));
    return isTuple ? { type: 'TupleLiteral', value: names } : names[0]!;
  }

  #targetName(withNamespace: boolean): TemplateNode {
    if (this.skip('operator', '(')) {
      const inner = this.nested(() => this.#target(() => this.isOperator(')'), withNamespace));
      this.expect('operator', ')');
      return inner;
    }
    const object = this.#name();
    if (!withNamespace || !this.skip('operator', '.')) return object;
    const property = { type: 'Identifier', value: this.expect('name').value };
    return { type: 'MemberExpression', object, property, computed: false };
  }
}
