import type { TemplateNode } from '#execution';
import { expressionText } from '../written-texts.ts';
import { nameOf, nodes, operatorOf, parameterName, parametersOf } from './nodes.ts';
import { ContentRules } from './rules.ts';
import {
  asText,
  CONSTANT,
  CONTENT,
  changed,
  concatenated,
  dependsOnContent,
  type FlowValue,
  join,
  joinAll,
  listOf,
  MESSAGES,
  outcome,
  steered,
  text,
  UNKNOWN,
} from './value.ts';
import { type Scope, Variables } from './variables.ts';

/** Variables in which callers pass conversation text other than as messages. */
const CONTENT_VARIABLES = new Set(
  'prompt question query instruction text user_message user_input last_message'.split(' '),
);
const COMPARISONS = new Set(['==', '!=', '<', '<=', '>', '>=', 'in', 'not in']);
const CONSTANTS = new Set('true false none True False None'.split(' '));
/** Maximum depth of macro calls that are analysed separately per call. */
const MAX_CALLS = 4;

/** A macro and the scopes visible to it. */
interface MacroDefinition {
  readonly node: TemplateNode;
  readonly scopes: readonly Scope[];
}

/** What each expression of a template may be, in respect of what was said. */
export abstract class Expressions {
  readonly reports = new Set<string>();
  protected readonly variables = new Variables();
  protected readonly macros = new Map<string, readonly MacroDefinition[]>();
  /** Macros that are used as values. */
  protected readonly named = new Set<string>();
  protected readonly rules = new ContentRules((what) => this.reports.add(what));
  /** The condition by which what was said decides whether the code being analysed runs; undefined if there is none. */
  protected guard: string | undefined;
  /** Names of the macros being analysed. */
  readonly #calling: string[] = [];

  /** The output of a block, captured instead of written. */
  protected abstract captured(statements: unknown): FlowValue;

  protected parameter(node: TemplateNode, value?: FlowValue): void {
    const isDefault = node.type === 'KeywordArgumentExpression';
    const name = nameOf(isDefault ? node.key : node);
    this.variables.give(name, (isDefault ? this.value(node.value) : value) ?? CONSTANT);
  }

  protected assign(target: TemplateNode, assigned: FlowValue, how: 'set' | 'give' = 'set'): void {
    const value = how === 'set' && this.guard !== undefined ? steered(assigned) : assigned;
    if (target.type === 'Identifier') this.variables[how](nameOf(target), value);
    else if (target.type === 'MemberExpression') {
      // Namespace fields are identified by name alone.
      this.variables.setGlobal(`.${nameOf(target.property)}`, value);
    } else {
      for (const part of nodes(target.value)) this.assign(part, value, how);
    }
  }

  protected test(node: unknown): FlowValue {
    const value = this.value(node);
    this.rules.test(value, node);
    return value;
  }

  protected value(node: unknown): FlowValue {
    const { type, ...fields } = node as TemplateNode;
    switch (type) {
      case 'StringLiteral':
        return text(String(fields.value));
      case 'IntegerLiteral':
      case 'FloatLiteral':
        return CONSTANT;
      case 'Identifier':
        return this.#identifier(nameOf(node));
      case 'ArrayLiteral':
      case 'TupleLiteral':
        return listOf(nodes(fields.value).map((item) => this.value(item)));
      case 'ObjectLiteral': {
        const pairs = [...(fields.value as Map<TemplateNode, TemplateNode>)];
        for (const [key] of pairs) this.value(key);
        return joinAll(pairs.map(([, value]) => this.value(value)));
      }
      case 'BinaryExpression':
        return this.#binary(node as TemplateNode);
      case 'UnaryExpression':
        return outcome(this.test(fields.argument).steered);
      case 'Ternary':
        return this.#chosen(fields.condition, fields.trueExpr, fields.falseExpr);
      case 'SelectExpression':
        return this.#chosen(fields.test, fields.lhs);
      case 'MemberExpression':
        return this.#member(node as TemplateNode);
      case 'TestExpression': {
        const value = this.value(fields.operand);
        const args = nodes(fields.args ?? []).map((arg) => this.value(arg));
        return this.rules.isTest(value, nameOf(fields.test), args, node);
      }
      case 'FilterExpression':
        return this.filter(this.value(fields.operand), fields.filter as TemplateNode, node as TemplateNode);
      case 'CallExpression':
        return this.#call(node as TemplateNode);
      case 'KeywordArgumentExpression':
        return this.value(fields.value);
      case 'SpreadExpression':
      case 'KeywordSpreadExpression':
        return this.value(fields.argument);
      default:
        return UNKNOWN;
    }
  }

  /** One of several values, by a condition. */
  #chosen(condition: unknown, ...values: unknown[]): FlowValue {
    const test = this.test(condition);
    const value = joinAll([CONSTANT, ...values.map((each) => this.value(each))]);
    return test.steered ? steered(value) : value;
  }

  #identifier(name: string): FlowValue {
    if (this.macros.has(name)) this.named.add(name);
    if (CONSTANTS.has(name)) return CONSTANT;
    const value = this.variables.get(name);
    if (name === 'messages') return value ? join(value, MESSAGES) : MESSAGES;
    return value ?? (CONTENT_VARIABLES.has(name) ? CONTENT : UNKNOWN);
  }

  #binary(node: TemplateNode): FlowValue {
    const operator = operatorOf(node);
    if (operator === 'and' || operator === 'or') {
      const [first, second] = [this.test(node.left), this.value(node.right)];
      return join(first, first.steered ? steered(second) : second);
    }
    const [left, right] = [this.value(node.left), this.value(node.right)];
    if (COMPARISONS.has(operator)) return this.rules.compare(operator, [left, right], node);
    if (operator === '+' && left.shape !== 'other' && right.shape !== 'other') return join(left, right);
    const sum = join(operator === '+' ? left : asText(left), operator === '+' ? right : asText(right));
    const letters =
      left.texts && right.texts && !dependsOnContent(sum) ? concatenated(left.texts, right.texts) : undefined;
    if (operator === '%') return { ...this.rules.formatted(left, [right], node), texts: letters };
    if (operator === '+' || operator === '~') return { ...sum, texts: letters };
    const made = changed(sum, expressionText(node));
    return made.steered ? steered(made) : made;
  }

  #member(node: TemplateNode): FlowValue {
    const object = this.value(node.object);
    const property = node.property as TemplateNode;
    if (!node.computed) return this.#field(object, nameOf(property), node);
    if (property.type === 'SliceExpression') {
      const ends = [property.start, property.stop, property.step].filter((end) => end !== undefined);
      const isSteered = ends.map((end) => this.test(end).steered).includes(true);
      const slice = this.rules.slice(object, node);
      return isSteered ? steered(slice) : slice;
    }
    const key = this.value(property);
    const part = this.#partBy(object, key, node);
    return key.steered ? steered(part) : part;
  }

  #partBy(object: FlowValue, key: FlowValue, node: TemplateNode): FlowValue {
    const { type, value } = node.property as TemplateNode;
    if (type === 'StringLiteral') return this.#field(object, String(value), node);
    if (type === 'IntegerLiteral' || type === 'UnaryExpression') return this.rules.partOf(object, node);
    this.rules.lookUp(object, key, node);
    if (dependsOnContent(object) && dependsOnContent(key) && object.dependence !== 'changed') return CONTENT;
    if (key.texts && key.texts.size > 0)
      return joinAll([...key.texts].map((name) => this.#field(object, name, node)));
    if (object.shape === 'message') return CONTENT;
    return this.rules.partOf(object, node);
  }

  #field(object: FlowValue, name: string, node: TemplateNode): FlowValue {
    if (nameOf(node.object) === 'loop') return name === 'previtem' || name === 'nextitem' ? object : UNKNOWN;
    const field = this.rules.field(object, name);
    if (object.shape !== 'namespace') return field;
    const own = this.variables.get(`.${name}`) ?? CONSTANT;
    return dependsOnContent(object) ? join(own, field) : own;
  }

  /** The value after the filters of a block. */
  protected filtered(filters: unknown, value: FlowValue): FlowValue {
    return nodes(filters ?? []).reduce(
      (before, node) => this.filter(before, node.filter as TemplateNode, node),
      value,
    );
  }

  protected filter(value: FlowValue, filter: TemplateNode, node: TemplateNode): FlowValue {
    const calls = filter.type === 'CallExpression';
    const name = nameOf(calls ? filter.callee : filter);
    const args = calls ? nodes(filter.args) : [];
    const given = args.map((arg) => this.value(arg));
    const attribute = args.find(
      (arg) => arg.type === 'KeywordArgumentExpression' && nameOf(arg.key) === 'attribute',
    );
    const selects = name === 'selectattr' || name === 'rejectattr';
    const field = attribute?.value ?? (selects ? args[0] : undefined);
    if (field) {
      const items = this.rules.itemOf(value, node);
      const names = this.value(field).texts;
      const own = names && names.size > 0 ? [...names] : ['content'];
      const fields = joinAll(own.map((each) => this.#field(items, each, { ...node, object: undefined })));
      if (selects) {
        const test = args[1]?.type === 'StringLiteral' ? String(args[1].value) : 'defined';
        this.rules.isTest(fields, test, given.slice(2), node);
        return value;
      }
      const list: FlowValue = dependsOnContent(fields) ? { ...fields, shape: 'list' } : fields;
      return name === 'map' ? list : this.rules.filter(name, list, given, node);
    }
    if (name === 'map' && args[0]?.type === 'StringLiteral')
      return this.rules.filter(String(args[0].value), value, given.slice(1), node);
    if (name === 'select' || name === 'reject') {
      const test = args[0]?.type === 'StringLiteral' ? String(args[0].value) : 'defined';
      this.rules.isTest(this.rules.itemOf(value, node), test, given.slice(1), node);
      return value;
    }
    return this.rules.filter(name, value, given, node);
  }

  #call(node: TemplateNode): FlowValue {
    const callee = node.callee as TemplateNode;
    const args = nodes(node.args);
    if (callee.type === 'Identifier') return this.#function(nameOf(callee), args, node);
    const given = args.map((arg) => this.value(arg));
    if (callee.type !== 'MemberExpression') return joinAll([UNKNOWN, ...given]);
    // A macro from a list: any macro that is used as a value.
    if (callee.computed) return this.#callNamed(args, node);
    const object = this.value(callee.object);
    const method = nameOf(callee.property);
    if (method === 'get' && args[0]?.type === 'StringLiteral') {
      const field = this.#field(object, String(args[0].value), callee);
      return given[1] ? join(field, given[1]) : field;
    }
    if (/^(append|extend|insert|update)$/.test(method)) {
      const value = joinAll([object, ...given]);
      const holder = callee.object as TemplateNode;
      if (holder.type === 'Identifier' || holder.type === 'MemberExpression') this.assign(holder, value);
      return CONSTANT;
    }
    return this.rules.method(method, object, given, node);
  }

  /** Analyses all macros of a name for this call. Recursive or deeply nested calls are analysed together. */
  #callMacro(name: string, args: readonly TemplateNode[], node: TemplateNode): FlowValue {
    const given = args.map((arg) => this.value(arg));
    const together = this.#calling.includes(name) || this.#calling.length >= MAX_CALLS;
    const written = this.macros.get(name)!.map((macro) => {
      const scope = this.variables.scopeOf(together ? macro.node : node);
      for (const [n, arg] of args.entries()) {
        for (const parameter of parametersOf(macro.node, arg, n))
          this.variables.give(parameter, given[n]!, scope);
      }
      // Arguments that no parameter takes.
      const others = listOf(given);
      for (const parameter of ['varargs', 'kwargs']) this.variables.give(parameter, others, scope);
      return together ? CONSTANT : this.macro(name, node, macro);
    });
    return together ? (this.variables.get(`${name}()`) ?? CONSTANT) : joinAll(written);
  }

  /** The output of a macro, with the arguments of one call or of all calls that are analysed together. */
  protected macro(name: string, call: TemplateNode, { node, scopes }: MacroDefinition): FlowValue {
    const { given } = this.variables.scopeOf(call);
    const follow = (): FlowValue => {
      for (const parameter of nodes(node.args))
        if (!given.has(parameterName(parameter))) this.parameter(parameter);
      this.#calling.push(name);
      const written = this.captured(node.body);
      this.#calling.pop();
      return written;
    };
    return this.variables.within(call, follow, scopes);
  }

  #function(name: string, args: readonly TemplateNode[], node: TemplateNode): FlowValue {
    if (name === 'namespace' || name === 'dict') {
      const values = args.map((arg) => {
        const value = this.value(arg);
        if (name === 'namespace' && arg.type === 'KeywordArgumentExpression')
          this.variables.setGlobal(`.${nameOf(arg.key)}`, value);
        return value;
      });
      return name === 'namespace' ? { ...CONSTANT, shape: 'namespace' } : joinAll(values);
    }
    const given = args.map((arg) => this.value(arg));
    if (name === 'caller') return this.#callCaller(args, given, node);
    // A parameter of the macro's name may be another macro.
    const others = this.variables.get(name) ? this.#callNamed(args, node) : CONSTANT;
    if (this.macros.has(name)) return join(others, this.#callMacro(name, args, node));
    if (name === 'strftime_now') return { ...joinAll([UNKNOWN, ...given]), texts: undefined, dated: true };
    if (name === 'range') for (const value of given) this.rules.test(this.rules.itemOf(value, node), node);
    return UNKNOWN;
  }

  /** The body of a call statement, or a macro that was passed as its caller. */
  #callCaller(args: readonly TemplateNode[], given: readonly FlowValue[], node: TemplateNode): FlowValue {
    for (const [n, arg] of args.entries()) {
      const parameter = arg.type === 'KeywordArgumentExpression' ? nameOf(arg.key) : n;
      this.variables.setGlobal(`caller(${parameter})`, given[n]!);
    }
    return join(this.variables.get('caller()') ?? CONSTANT, this.#callNamed(args, node));
  }

  /** A call of any macro that is used as a value. */
  #callNamed(args: readonly TemplateNode[], node: TemplateNode): FlowValue {
    return joinAll([...this.named].map((name) => this.#callMacro(name, args, node)));
  }
}
