import { operate, signedValue } from './arithmetic.ts';
import { type Budget, refused } from './budget.ts';
import { runFilter } from './filters.ts';
import { attributeOf, memberOf, sliceOf } from './members.ts';
import { Depth, type Scope } from './scope.ts';
import { runTest } from './tests.ts';
import type { TemplateNode } from './token-cursor.ts';
import {
  type Arguments,
  Callable,
  Dict,
  demandDefined,
  Float,
  listOf,
  orElse,
  Tuple,
  truth,
  typeName,
  Undefined,
  type Value,
} from './values.ts';

/** Evaluates expressions. */
const CONSTANTS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
]);

export const child = (node: TemplateNode, field: string): TemplateNode => node[field] as TemplateNode;
export const children = (node: TemplateNode, field: string): readonly TemplateNode[] =>
  node[field] as TemplateNode[];
export const nameOf = (node: TemplateNode): string => String(node.value);

export class Evaluator {
  protected readonly budget: Budget;
  protected readonly depth = new Depth();

  constructor(budget: Budget) {
    this.budget = budget;
  }

  protected enter(): void {
    this.budget.step();
  }

  protected evaluate(node: TemplateNode, scope: Scope): Value {
    this.enter();
    return this.expression(node, scope);
  }

  protected expression(node: TemplateNode, scope: Scope): Value {
    return this.depth.within(() => this.#value(node, scope));
  }

  #value(node: TemplateNode, scope: Scope): Value {
    switch (node.type) {
      case 'StringLiteral':
        return node.value as string;
      case 'IntegerLiteral':
        return node.value as number;
      case 'FloatLiteral':
        return new Float(node.value as number);
      case 'Identifier':
        return this.#variable(nameOf(node), scope);
      case 'ArrayLiteral':
        return this.#values(children(node, 'value'), scope);
      case 'TupleLiteral':
        return new Tuple(this.#values(children(node, 'value'), scope));
      case 'ObjectLiteral':
        return this.#dict(node, scope);
      case 'MemberExpression':
        return this.#member(node, scope);
      case 'CallExpression':
        return this.call(
          this.evaluate(child(node, 'callee'), scope),
          this.arguments(children(node, 'args'), scope),
        );
      case 'FilterExpression':
        return this.filter(child(node, 'filter'), this.evaluate(child(node, 'operand'), scope), scope);
      case 'TestExpression':
        return this.#test(node, scope);
      case 'UnaryExpression':
        return this.#unary(node, scope);
      case 'BinaryExpression':
        return this.#binary(node, scope);
      case 'Ternary':
        return truth(this.evaluate(child(node, 'condition'), scope))
          ? this.evaluate(child(node, 'trueExpr'), scope)
          : this.evaluate(child(node, 'falseExpr'), scope);
      case 'SelectExpression':
        return truth(this.evaluate(child(node, 'test'), scope))
          ? this.evaluate(child(node, 'lhs'), scope)
          : new Undefined('the inline if-expression evaluated to false and no else section was defined');
      default:
        throw refused(`the part ${node.type}`);
    }
  }

  #variable(name: string, scope: Scope): Value {
    const constant = CONSTANTS.get(name);
    if (constant !== undefined) return constant;
    return orElse(scope.get(name), () => new Undefined(`'${name}' is undefined`));
  }

  #values(nodes: readonly TemplateNode[], scope: Scope): Value[] {
    this.budget.list(nodes.length);
    return nodes.map((node) => this.evaluate(node, scope));
  }

  #dict(node: TemplateNode, scope: Scope): Dict {
    const pairs = [...(node.value as ReadonlyMap<TemplateNode, TemplateNode>)];
    this.budget.list(pairs.length);
    return new Dict(pairs.map(([key, value]) => [this.evaluate(key, scope), this.evaluate(value, scope)]));
  }

  #member(node: TemplateNode, scope: Scope): Value {
    const object = this.evaluate(child(node, 'object'), scope);
    const property = child(node, 'property');
    if (!node.computed) return attributeOf(object, nameOf(property), this.budget);
    if (property.type !== 'SliceExpression')
      return memberOf(object, this.evaluate(property, scope), this.budget);
    this.enter();
    const bound = (field: string): Value => {
      const part = property[field] as TemplateNode | undefined;
      return part ? this.evaluate(part, scope) : null;
    };
    return sliceOf(object, { start: bound('start'), stop: bound('stop'), step: bound('step') }, this.budget);
  }

  protected arguments(nodes: readonly TemplateNode[], scope: Scope): Arguments {
    const positional: Value[] = [];
    const named = new Map<string, Value>();
    const name = (key: string, value: Value): void => {
      if (named.has(key)) throw refused(`multiple values for the argument '${key}'`);
      named.set(key, value);
    };
    for (const node of nodes) {
      if (node.type === 'KeywordArgumentExpression') {
        this.enter();
        name(nameOf(child(node, 'key')), this.evaluate(child(node, 'value'), scope));
      } else if (node.type === 'SpreadExpression') {
        this.enter();
        positional.push(...listOf(this.evaluate(child(node, 'argument'), scope), this.budget));
      } else if (node.type === 'KeywordSpreadExpression') {
        this.enter();
        const more = this.evaluate(child(node, 'argument'), scope);
        if (!(more instanceof Dict))
          throw refused(`argument after ** must be a mapping, not ${typeName(more)}`);
        this.budget.list(more.size);
        for (const [key, value] of more.entries()) {
          if (typeof key !== 'string') throw refused('keywords must be strings');
          name(key, value);
        }
      } else positional.push(this.evaluate(node, scope));
    }
    return { positional, named };
  }

  protected call(callee: Value, args: Arguments): Value {
    if (!(callee instanceof Callable))
      throw demandDefined(callee) ?? refused(`'${typeName(callee)}' object is not callable`);
    return this.depth.within(() => callee.call(args));
  }

  protected filter(filter: TemplateNode, value: Value, scope: Scope): Value {
    this.enter();
    const calls = filter.type === 'CallExpression';
    const name = nameOf(calls ? child(filter, 'callee') : filter);
    return runFilter(name, value, this.arguments(calls ? children(filter, 'args') : [], scope), this.budget);
  }

  #test(node: TemplateNode, scope: Scope): boolean {
    const operand = this.evaluate(child(node, 'operand'), scope);
    const { positional, named } = this.arguments(children(node, 'args'), scope);
    if (named.size > 0) throw refused('a test with named arguments');
    return runTest(nameOf(child(node, 'test')), operand, positional, this.budget) !== node.negate;
  }

  #unary(node: TemplateNode, scope: Scope): Value {
    const operator = nameOf(child(node, 'operator'));
    const value = this.evaluate(child(node, 'argument'), scope);
    return operator === 'not' ? !truth(value) : signedValue(operator, value);
  }

  #binary(node: TemplateNode, scope: Scope): Value {
    const operator = nameOf(child(node, 'operator'));
    const left = this.evaluate(child(node, 'left'), scope);
    if (operator === 'and') return truth(left) ? this.evaluate(child(node, 'right'), scope) : left;
    if (operator === 'or') return truth(left) ? left : this.evaluate(child(node, 'right'), scope);
    return operate(operator, left, this.evaluate(child(node, 'right'), scope), this.budget);
  }
}
