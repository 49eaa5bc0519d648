/** Parses Jinja expressions by operator precedence. */
import { type TemplateNode, TokenCursor } from './token-cursor.ts';

const COMPARISONS = new Set(['==', '!=', '<', '<=', '>', '>=']);

export class ExpressionParser extends TokenCursor {
  /** One expression, or a tuple: several separated by commas. */
  protected tuple({
    conditional = true,
    parentheses = false,
    ends = () => false,
  }: {
    conditional?: boolean;
    parentheses?: boolean;
    ends?: () => boolean;
  } = {}): TemplateNode {
    const value: TemplateNode[] = [];
    let isTuple = false;
    for (;;) {
      if (value.length > 0 && !this.skip('operator', ',')) break;
      if (value.length > 0) isTuple = true;
      if (this.is('variable_end') || this.is('block_end') || this.isOperator(')') || ends()) break;
      value.push(conditional ? this.expression() : this.nested(() => this.or()));
    }
    if (!isTuple && value.length === 1) return value[0]!;
    if (value.length === 0 && !parentheses) throw this.unexpected('an expression');
    return { type: 'TupleLiteral', value };
  }

  protected expression(): TemplateNode {
    return this.nested(() => {
      let node = this.or();
      while (this.skip('name', 'if')) {
        const condition = this.or();
        node = this.skip('name', 'else')
          ? { type: 'Ternary', condition, trueExpr: node, falseExpr: this.expression() }
          : { type: 'SelectExpression', lhs: node, test: condition };
      }
      return node;
    });
  }

  protected or(): TemplateNode {
    let left = this.#and();
    while (this.skip('name', 'or')) left = binary('or', left, this.#and());
    return left;
  }

  #and(): TemplateNode {
    let left = this.#not();
    while (this.skip('name', 'and')) left = binary('and', left, this.#not());
    return left;
  }

  #not(): TemplateNode {
    if (!this.skip('name', 'not')) return this.#compare();
    return this.nested(() => unary('not', this.#not()));
  }

  /** "a < b < c" is "a < b and b < c", as in Python. */
  #compare(): TemplateNode {
    const first = this.#sum();
    let left = first;
    let chain: TemplateNode | undefined;
    for (;;) {
      const operator = this.#comparison();
      if (operator === undefined) return chain ?? first;
      const right = this.#sum();
      const link = binary(operator, left, right);
      chain = chain ? binary('and', chain, link) : link;
      left = right;
    }
  }

  #comparison(): string | undefined {
    const { kind, value } = this.current;
    if (kind === 'operator' && COMPARISONS.has(value)) return this.next().value;
    if (this.skip('name', 'in')) return 'in';
    const following = this.tokens[this.at + 1];
    if (!this.isWord('not') || following?.kind !== 'name' || following.value !== 'in') return undefined;
    this.at += 2;
    return 'not in';
  }

  /** Left-associative operators of the same precedence. */
  #chain(operators: readonly string[], operand: () => TemplateNode): TemplateNode {
    let left = operand();
    while (this.is('operator') && operators.includes(this.current.value))
      left = binary(this.next().value, left, operand());
    return left;
  }

  #sum = (): TemplateNode => this.#chain(['+', '-'], this.#concatenation);
  #concatenation = (): TemplateNode => this.#chain(['~'], this.#product);
  #product = (): TemplateNode => this.#chain(['*', '/', '//', '%'], this.#power);
  #power = (): TemplateNode => this.#chain(['**'], () => this.#unary(true));

  #unary(withFilter: boolean): TemplateNode {
    return this.nested(() => {
      const sign = this.isOperator('-') || this.isOperator('+') ? this.next().value : undefined;
      const operand = sign ? unary(sign, this.#unary(false)) : this.#primary();
      const node = this.#postfix(operand);
      return withFilter ? this.filters(node) : node;
    });
  }

  #primary(): TemplateNode {
    const { kind, value } = this.current;
    if (kind === 'string') {
      let text = '';
      while (this.is('string')) text += this.next().value;
      return { type: 'StringLiteral', value: text };
    }
    if (kind === 'name' || kind === 'integer' || kind === 'float') {
      this.at++;
      if (kind === 'name') return { type: 'Identifier', value };
      const number = kind === 'integer' && /^0+$/.test(value) ? 0 : Number(value);
      if (kind === 'integer' && !Number.isSafeInteger(number)) throw this.invalid(`the number ${value}`);
      return { type: kind === 'integer' ? 'IntegerLiteral' : 'FloatLiteral', value: number };
    }
    if (this.skip('operator', '(')) {
      const inner = this.tuple({ parentheses: true });
      this.expect('operator', ')');
      return inner;
    }
    if (this.skip('operator', '['))
      return { type: 'ArrayLiteral', value: this.#items(']', () => this.expression()) };
    if (this.skip('operator', '{')) {
      const pairs = this.#items('}', (): [TemplateNode, TemplateNode] => {
        const key = this.expression();
        this.expect('operator', ':');
        return [key, this.expression()];
      });
      return { type: 'ObjectLiteral', value: new Map(pairs) };
    }
    throw this.unexpected('an expression');
  }

  #items<T>(close: string, item: () => T): T[] {
    const items: T[] = [];
    while (!this.skip('operator', close)) {
      if (items.length > 0) {
        this.expect('operator', ',');
        if (this.skip('operator', close)) break;
      }
      items.push(item());
    }
    return items;
  }

  #postfix(start: TemplateNode): TemplateNode {
    let node = start;
    for (;;) {
      if (this.isOperator('.') || this.isOperator('[')) node = this.#subscript(node);
      else if (this.isOperator('(')) node = this.#callOf(node);
      else return node;
    }
  }

  protected filters(start: TemplateNode): TemplateNode {
    let node = start;
    for (;;) {
      if (this.skip('operator', '|'))
        node = { type: 'FilterExpression', operand: node, filter: this.filter() };
      else if (this.skip('name', 'is')) node = this.#test(node);
      else if (this.isOperator('(')) node = this.#callOf(node);
      else return node;
    }
  }

  #callOf = (callee: TemplateNode): TemplateNode => ({
    type: 'CallExpression',
    callee,
    args: this.#arguments(),
  });

  protected filter(): TemplateNode {
    const name = { type: 'Identifier', value: this.#dotted() };
    return this.isOperator('(') ? this.#callOf(name) : name;
  }

  #dotted(): string {
    let name = this.expect('name').value;
    while (this.skip('operator', '.')) name += `.${this.expect('name').value}`;
    return name;
  }

  #test(operand: TemplateNode): TemplateNode {
    const negate = this.skip('name', 'not');
    const test = { type: 'Identifier', value: this.#dotted() };
    const { kind, value } = this.current;
    let args: TemplateNode[] = [];
    if (this.isOperator('(')) args = this.#arguments();
    else if (
      kind === 'string' ||
      kind === 'integer' ||
      kind === 'float' ||
      (kind === 'operator' && (value === '[' || value === '{')) ||
      (kind === 'name' && value !== 'else' && value !== 'or' && value !== 'and')
    ) {
      if (value === 'is' && kind === 'name') throw this.invalid('a test of a test');
      args = [this.#postfix(this.#primary())];
    }
    return { type: 'TestExpression', operand, negate, test, args };
  }

  #subscript(object: TemplateNode): TemplateNode {
    if (this.skip('operator', '.')) {
      const { kind, value } = this.next();
      if (kind === 'name')
        return { type: 'MemberExpression', object, property: { type: 'Identifier', value }, computed: false };
      if (kind !== 'integer') throw this.invalid('no name after a dot');
      return {
        type: 'MemberExpression',
        object,
        property: { type: 'IntegerLiteral', value: Number(value) },
        computed: true,
      };
    }
    this.expect('operator', '[');
    const property = this.nested(() => this.#slice());
    this.expect('operator', ']');
    return { type: 'MemberExpression', object, property, computed: true };
  }

  #slice(): TemplateNode {
    const parts: (TemplateNode | undefined)[] = [undefined];
    while (!this.isOperator(']')) {
      if (this.skip('operator', ':')) {
        if (parts.push(undefined) > 3) throw this.invalid('a slice of more than three parts');
      } else if (parts.at(-1)) throw this.unexpected(']');
      else parts[parts.length - 1] = this.expression();
    }
    const [start, stop, step] = parts;
    if (parts.length > 1) return { type: 'SliceExpression', start, stop, step };
    if (!start) throw this.unexpected('an expression');
    return start;
  }

  #arguments(): TemplateNode[] {
    this.expect('operator', '(');
    const rank = { SpreadExpression: 1, KeywordArgumentExpression: 2, KeywordSpreadExpression: 3 };
    const args = this.#items(')', () => this.#argument());
    const ranks = args.map(({ type }) => rank[type as keyof typeof rank] ?? 0);
    const ordered = ranks.every(
      (own, n) =>
        n === 0 ||
        (own === 1 ? ranks[n - 1] === 0 : own >= ranks[n - 1]! && (own !== 3 || ranks[n - 1] !== 3)),
    );
    if (!ordered) throw this.invalid('arguments in an order that Python does not take');
    return args;
  }

  #argument(): TemplateNode {
    if (this.skip('operator', '**')) return { type: 'KeywordSpreadExpression', argument: this.expression() };
    if (this.skip('operator', '*')) return { type: 'SpreadExpression', argument: this.expression() };
    const following = this.tokens[this.at + 1];
    if (this.is('name') && following?.kind === 'operator' && following.value === '=') {
      const key = { type: 'Identifier', value: this.next().value };
      this.at++;
      return { type: 'KeywordArgumentExpression', key, value: this.expression() };
    }
    return this.expression();
  }
}

const binary = (operator: string, left: TemplateNode, right: TemplateNode): TemplateNode => ({
  type: 'BinaryExpression',
  operator: { value: operator },
  left,
  right,
});

const unary = (operator: string, argument: TemplateNode): TemplateNode => ({
  type: 'UnaryExpression',
  operator: { value: operator },
  argument,
});
