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
/** Maximum passes. Values grow in few steps, so no legitimate template needs more. */
const MAX_PASSES = 24;
const MAX_REPORTS = 16;
/** Maximum depth of macro calls that are analysed separately per call. */
const MAX_CALLS = 4;
const MAX_STATEMENTS = 200_000;

/**
 * Follows the conversation's text through every branch of a template, whether taken or not: how it is changed, and
 * what depends on it. Returns descriptions of what no chat template needs. Nothing is rendered.
 */
export function contentFlow(tree: TemplateNode): string[] {
  const flow = new Flow();
  for (let pass = 0; pass < MAX_PASSES && !flow.isTooLong; pass++) {
    if (!flow.pass(tree)) return [...flow.reports].slice(0, MAX_REPORTS);
  }
  return ['its macros and variables depend on one another in too many ways'];
}

class Flow {
  readonly reports = new Set<string>();
  readonly #variables = new Variables();
  readonly #macros = new Map<string, readonly MacroDefinition[]>();
  /** Names of the macros being analysed. */
  readonly #calling: string[] = [];
  readonly #rules = new ContentRules((what) => this.reports.add(what));
  /** Output of the macro, block or template being analysed. */
  #written: FlowValue = CONSTANT;
  /** Macros that are used as values. */
  readonly #named = new Set<string>();
  #statements = 0;

  /** Analyses the whole template once. Returns whether any value grew. */
  pass(tree: TemplateNode): boolean {
    this.#variables.beginPass();
    this.#block(tree.body);
    return this.#variables.grew;
  }

  get isTooLong(): boolean {
    return this.#statements > MAX_STATEMENTS;
  }

  #block(statements: unknown): void {
    for (const statement of nodes(statements)) {
      this.#statements++;
      if (this.isTooLong) return;
      this.#statement(statement);
    }
  }

  /** The output of a block, captured instead of written. */
  #captured(statements: unknown): FlowValue {
    const outer = this.#written;
    this.#written = CONSTANT;
    this.#block(statements);
    const inner = this.#written;
    this.#written = outer;
    return inner;
  }

  #statement(node: TemplateNode): void {
    switch (node.type) {
      case 'If':
        this.#test(node.test);
        this.#block(node.body);
        this.#block(node.alternate);
        return;
      case 'For':
        this.#for(node);
        return;
      case 'Set': {
        const value = node.value ? this.#value(node.value) : this.#captured(node.body);
        this.#assign(node.assignee as TemplateNode, this.#filtered(node.filters, value));
        return;
      }
      case 'Macro': {
        const name = nameOf(node.name);
        const macro = { node, scopes: this.#variables.scopes };
        const others = (this.#macros.get(name) ?? []).filter((other) => other.node !== node);
        this.#macros.set(name, [...others, macro]);
        this.#variables.setGlobal(`${name}()`, this.#macro(name, node, macro));
        return;
      }
      case 'CallStatement': {
        const written = this.#variables.within(node, () => {
          for (const parameter of nodes(node.callerArgs ?? [])) this.#parameter(parameter, UNKNOWN);
          return this.#captured(node.body);
        });
        this.#variables.setGlobal('caller()', written);
        this.#write(node.call as TemplateNode, this.#value(node.call));
        return;
      }
      case 'FilterStatement': {
        const value = this.#captured(node.body);
        const filtered = node.filters
          ? this.#filtered(node.filters, value)
          : this.#filter(value, node.filter as TemplateNode, node);
        this.#write(node, filtered);
        return;
      }
      case 'Generation':
        this.#block(node.body);
        return;
      case 'Comment':
      case 'Break':
      case 'Continue':
        return;
      default:
        this.#write(node, this.#value(node));
    }
  }

  #for(node: TemplateNode): void {
    const iterable = node.iterable as TemplateNode;
    const selects = iterable.type === 'SelectExpression';
    const items = this.#value(selects ? iterable.lhs : iterable);
    const item = this.#rules.itemOf(items, iterable);
    this.#variables.within(node, () => {
      this.#assign(node.loopvar as TemplateNode, item, 'give');
      this.#variables.give('loop', { ...item, dependence: 'none', texts: undefined });
      if (selects) this.#test(iterable.test);
      this.#block(node.body);
    });
    this.#block(node.defaultBlock);
  }

  #parameter(node: TemplateNode, value?: FlowValue): void {
    const isDefault = node.type === 'KeywordArgumentExpression';
    const name = nameOf(isDefault ? node.key : node);
    this.#variables.give(name, (isDefault ? this.#value(node.value) : value) ?? CONSTANT);
  }

  #assign(target: TemplateNode, value: FlowValue, how: 'set' | 'give' = 'set'): void {
    if (target.type === 'Identifier') this.#variables[how](nameOf(target), value);
    else if (target.type === 'MemberExpression') {
      // Namespace fields are identified by name alone.
      this.#variables.setGlobal(`.${nameOf(target.property)}`, value);
    } else {
      for (const part of nodes(target.value)) this.#assign(part, value, how);
    }
  }

  #write(node: TemplateNode, value: FlowValue): void {
    this.#rules.write(value, node);
    this.#written = join(this.#written, asText(value));
  }

  #test(node: unknown): FlowValue {
    const value = this.#value(node);
    this.#rules.test(value, node);
    return value;
  }

  #value(node: unknown): FlowValue {
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
        return listOf(nodes(fields.value).map((item) => this.#value(item)));
      case 'ObjectLiteral': {
        const pairs = [...(fields.value as Map<TemplateNode, TemplateNode>)];
        for (const [key] of pairs) this.#value(key);
        return joinAll(pairs.map(([, value]) => this.#value(value)));
      }
      case 'BinaryExpression':
        return this.#binary(node as TemplateNode);
      case 'UnaryExpression':
        this.#test(fields.argument);
        return CONSTANT;
      case 'Ternary':
        this.#test(fields.condition);
        return join(this.#value(fields.trueExpr), this.#value(fields.falseExpr));
      case 'SelectExpression':
        this.#test(fields.test);
        return join(this.#value(fields.lhs), CONSTANT);
      case 'MemberExpression':
        return this.#member(node as TemplateNode);
      case 'TestExpression': {
        const value = this.#value(fields.operand);
        const args = nodes(fields.args ?? []).map((arg) => this.#value(arg));
        return this.#rules.isTest(value, nameOf(fields.test), args, node);
      }
      case 'FilterExpression':
        return this.#filter(this.#value(fields.operand), fields.filter as TemplateNode, node as TemplateNode);
      case 'CallExpression':
        return this.#call(node as TemplateNode);
      case 'KeywordArgumentExpression':
        return this.#value(fields.value);
      case 'SpreadExpression':
      case 'KeywordSpreadExpression':
        return this.#value(fields.argument);
      default:
        return UNKNOWN;
    }
  }

  #identifier(name: string): FlowValue {
    if (this.#macros.has(name)) this.#named.add(name);
    if (CONSTANTS.has(name)) return CONSTANT;
    const value = this.#variables.get(name);
    if (name === 'messages') return value ? join(value, MESSAGES) : MESSAGES;
    return value ?? (CONTENT_VARIABLES.has(name) ? CONTENT : UNKNOWN);
  }

  #binary(node: TemplateNode): FlowValue {
    const operator = operatorOf(node);
    if (operator === 'and' || operator === 'or') return join(this.#test(node.left), this.#value(node.right));
    const [left, right] = [this.#value(node.left), this.#value(node.right)];
    if (COMPARISONS.has(operator)) return this.#rules.compare(operator, [left, right], node);
    if (operator === '+' && left.shape !== 'other' && right.shape !== 'other') return join(left, right);
    const sum = join(operator === '+' ? left : asText(left), operator === '+' ? right : asText(right));
    const letters =
      left.texts && right.texts && !dependsOnContent(sum) ? concatenated(left.texts, right.texts) : undefined;
    if (operator === '+' || operator === '~' || operator === '%') return { ...sum, texts: letters };
    return changed(sum, expressionText(node));
  }

  #member(node: TemplateNode): FlowValue {
    const object = this.#value(node.object);
    const property = node.property as TemplateNode;
    if (!node.computed) return this.#field(object, nameOf(property), node);
    switch (property.type) {
      case 'StringLiteral':
        return this.#field(object, String(property.value), node);
      case 'SliceExpression':
        for (const part of [property.start, property.stop, property.step]) if (part) this.#test(part);
        return this.#rules.slice(object, node);
      case 'IntegerLiteral':
      case 'UnaryExpression':
        return this.#rules.partOf(object, node);
    }
    const key = this.#value(property);
    this.#rules.lookUp(object, key, node);
    if (dependsOnContent(object) && dependsOnContent(key) && object.dependence !== 'changed') return CONTENT;
    if (key.texts && key.texts.size > 0)
      return joinAll([...key.texts].map((name) => this.#field(object, name, node)));
    if (object.shape === 'message') return CONTENT;
    return this.#rules.partOf(object, node);
  }

  #field(object: FlowValue, name: string, node: TemplateNode): FlowValue {
    if (nameOf(node.object) === 'loop') return name === 'previtem' || name === 'nextitem' ? object : UNKNOWN;
    const field = this.#rules.field(object, name);
    if (object.shape !== 'namespace') return field;
    const own = this.#variables.get(`.${name}`) ?? CONSTANT;
    return dependsOnContent(object) ? join(own, field) : own;
  }

  #filtered(filters: unknown, value: FlowValue): FlowValue {
    const node = filters as TemplateNode | undefined;
    if (node?.type !== 'FilterExpression') return value;
    return this.#filter(this.#filtered(node.operand, value), node.filter as TemplateNode, node);
  }

  #filter(value: FlowValue, filter: TemplateNode, node: TemplateNode): FlowValue {
    const calls = filter.type === 'CallExpression';
    const name = nameOf(calls ? filter.callee : filter);
    const args = calls ? nodes(filter.args) : [];
    const given = args.map((arg) => this.#value(arg));
    const attribute = args.find(
      (arg) => arg.type === 'KeywordArgumentExpression' && nameOf(arg.key) === 'attribute',
    );
    const selects = name === 'selectattr' || name === 'rejectattr';
    const field = attribute?.value ?? (selects ? args[0] : undefined);
    if (field) {
      const items = this.#rules.itemOf(value, node);
      const names = this.#value(field).texts;
      const own = names && names.size > 0 ? [...names] : ['content'];
      const fields = joinAll(own.map((each) => this.#field(items, each, { ...node, object: undefined })));
      if (selects) {
        const test = args[1]?.type === 'StringLiteral' ? String(args[1].value) : 'defined';
        this.#rules.isTest(fields, test, given.slice(2), node);
        return value;
      }
      const list: FlowValue = dependsOnContent(fields) ? { ...fields, shape: 'list' } : fields;
      return name === 'map' ? list : this.#rules.filter(name, list, given, node);
    }
    if (name === 'map' && args[0]?.type === 'StringLiteral')
      return this.#rules.filter(String(args[0].value), value, given.slice(1), node);
    if (name === 'select' || name === 'reject') {
      const test = args[0]?.type === 'StringLiteral' ? String(args[0].value) : 'defined';
      this.#rules.isTest(this.#rules.itemOf(value, node), test, given.slice(1), node);
      return value;
    }
    return this.#rules.filter(name, value, given, node);
  }

  #call(node: TemplateNode): FlowValue {
    const callee = node.callee as TemplateNode;
    const args = nodes(node.args);
    if (callee.type === 'Identifier') return this.#function(nameOf(callee), args, node);
    const given = args.map((arg) => this.#value(arg));
    if (callee.type !== 'MemberExpression') return joinAll([UNKNOWN, ...given]);
    // A macro from a list: any macro that is used as a value.
    if (callee.computed) return joinAll([...this.#named].map((name) => this.#callMacro(name, args, node)));
    const object = this.#value(callee.object);
    const method = nameOf(callee.property);
    if (method === 'get' && args[0]?.type === 'StringLiteral') {
      const field = this.#field(object, String(args[0].value), callee);
      return given[1] ? join(field, given[1]) : field;
    }
    if (/^(append|extend|insert|update)$/.test(method)) {
      const value = joinAll([object, ...given]);
      const holder = callee.object as TemplateNode;
      if (holder.type === 'Identifier' || holder.type === 'MemberExpression') this.#assign(holder, value);
      return CONSTANT;
    }
    return this.#rules.method(method, object, given, node);
  }

  /** Analyses all macros of a name for this call. Recursive or deeply nested calls are analysed together. */
  #callMacro(name: string, args: readonly TemplateNode[], node: TemplateNode): FlowValue {
    const given = args.map((arg) => this.#value(arg));
    const together = this.#calling.includes(name) || this.#calling.length >= MAX_CALLS;
    const written = this.#macros.get(name)!.map((macro) => {
      const scope = this.#variables.scopeOf(together ? macro.node : node);
      for (const [n, arg] of args.entries()) {
        for (const parameter of parametersOf(macro.node, arg, n))
          this.#variables.give(parameter, given[n]!, scope);
      }
      return together ? CONSTANT : this.#macro(name, node, macro);
    });
    return together ? (this.#variables.get(`${name}()`) ?? CONSTANT) : joinAll(written);
  }

  /** The output of a macro, with the arguments of one call or of all calls that are analysed together. */
  #macro(name: string, call: TemplateNode, { node, scopes }: MacroDefinition): FlowValue {
    const { given } = this.#variables.scopeOf(call);
    const follow = (): FlowValue => {
      for (const parameter of nodes(node.args))
        if (!given.has(parameterName(parameter))) this.#parameter(parameter);
      this.#calling.push(name);
      const written = this.#captured(node.body);
      this.#calling.pop();
      return written;
    };
    return this.#variables.within(call, follow, scopes);
  }

  #function(name: string, args: readonly TemplateNode[], node: TemplateNode): FlowValue {
    if (name === 'namespace' || name === 'dict') {
      const values = args.map((arg) => {
        const value = this.#value(arg);
        if (name === 'namespace' && arg.type === 'KeywordArgumentExpression')
          this.#variables.setGlobal(`.${nameOf(arg.key)}`, value);
        return value;
      });
      return name === 'namespace' ? { ...CONSTANT, shape: 'namespace' } : joinAll(values);
    }
    if (this.#macros.has(name)) return this.#callMacro(name, args, node);
    const given = args.map((arg) => this.#value(arg));
    if (name === 'caller') return this.#variables.get('caller()') ?? CONSTANT;
    if (name === 'strftime_now') return { ...UNKNOWN, dated: true };
    if (name === 'range') for (const value of given) this.#rules.test(this.#rules.itemOf(value, node), node);
    return UNKNOWN;
  }
}

/** A macro and the scopes visible to it. */
interface MacroDefinition {
  readonly node: TemplateNode;
  readonly scopes: readonly Scope[];
}
