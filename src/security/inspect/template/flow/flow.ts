import type { TemplateNode } from '#execution';
import { expressionText } from '../written-texts.ts';
import { Expressions } from './expressions.ts';
import { nameOf, nodes, parameterName } from './nodes.ts';
import { asText, CONSTANT, type FlowValue, join, joinAll, steered, UNKNOWN } from './value.ts';

/** Maximum passes. Values grow in few steps, so no legitimate template needs more. */
const MAX_PASSES = 24;
const MAX_REPORTS = 16;
const MAX_STATEMENTS = 200_000;

/**
 * Follows the conversation's text through every branch of a template, whether taken or not: how it is changed, what
 * depends on it, and which texts of the template's own are written because of it. Returns descriptions of what no chat
 * template needs. Nothing is rendered.
 */
export function contentFlow(tree: TemplateNode): string[] {
  const flow = new Flow();
  for (let pass = 0; pass < MAX_PASSES && !flow.isTooLong; pass++) {
    if (!flow.pass(tree)) return [...flow.reports].slice(0, MAX_REPORTS);
  }
  return ['its macros and variables depend on one another in too many ways'];
}

class Flow extends Expressions {
  /** Output of the macro, block or template being analysed. */
  #written: FlowValue = CONSTANT;
  #statements = 0;
  /** The loops around the code being analysed, innermost last. */
  readonly #loops: TemplateNode[] = [];
  /** Loops that end early, or skip a turn, because of what was said, with the condition. */
  readonly #leaving = new Map<TemplateNode, string>();

  /** Analyses the whole template once. Returns whether any value grew. */
  pass(tree: TemplateNode): boolean {
    this.variables.beginPass();
    const known = this.named.size + this.#leaving.size;
    this.#block(tree.body);
    return this.variables.grew || this.named.size + this.#leaving.size > known;
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
  protected override captured(statements: unknown): FlowValue {
    const outer = this.#written;
    this.#written = CONSTANT;
    this.#block(statements);
    const inner = this.#written;
    this.#written = outer;
    return inner;
  }

  #statement(node: TemplateNode): void {
    switch (node.type) {
      case 'If': {
        const test = this.test(node.test);
        this.#guarded(test.steered, node.test, () => {
          this.#block(node.body);
          this.#block(node.alternate);
        });
        return;
      }
      case 'For':
        this.#for(node);
        return;
      case 'Set': {
        const value = node.value ? this.value(node.value) : this.captured(node.body);
        this.assign(node.assignee as TemplateNode, this.filtered(node.more, value));
        return;
      }
      case 'Macro': {
        const name = nameOf(node.name);
        const macro = { node, scopes: this.variables.scopes };
        const others = (this.macros.get(name) ?? []).filter((other) => other.node !== node);
        this.macros.set(name, [...others, macro]);
        this.variables.setGlobal(`${name}()`, this.macro(name, node, macro));
        return;
      }
      case 'CallStatement': {
        const written = this.variables.within(node, () => {
          for (const [n, parameter] of nodes(node.callerArgs ?? []).entries()) {
            const given = [`caller(${n})`, `caller(${parameterName(parameter)})`];
            this.parameter(parameter, joinAll(given.map((each) => this.variables.get(each) ?? UNKNOWN)));
          }
          return this.captured(node.body);
        });
        this.variables.setGlobal('caller()', written);
        this.#write(node.call as TemplateNode, this.value(node.call));
        return;
      }
      case 'FilterStatement': {
        const value = this.filter(this.captured(node.body), node.filter as TemplateNode, node);
        this.#write(node, this.filtered(node.more, value));
        return;
      }
      case 'Break':
      case 'Continue': {
        const loop = this.#loops.at(-1);
        if (loop && this.guard !== undefined) this.#leaving.set(loop, this.guard);
        return;
      }
      default:
        this.#write(node, this.value(node));
    }
  }

  #for(node: TemplateNode): void {
    const iterable = node.iterable as TemplateNode;
    const selects = iterable.type === 'SelectExpression';
    const items = this.value(selects ? iterable.lhs : iterable);
    const item = this.rules.itemOf(items, iterable);
    this.#loops.push(node);
    this.variables.within(node, () => {
      this.assign(node.loopvar as TemplateNode, item, 'give');
      this.variables.give('loop', { ...item, dependence: 'none', texts: undefined });
      const chooses = selects && this.test(iterable.test).steered;
      const why = this.#leaving.get(node) ?? iterable;
      this.#guarded(items.steered || chooses || this.#leaving.has(node), why, () => this.#block(node.body));
    });
    this.#loops.pop();
    this.#guarded(items.steered, iterable, () => this.#block(node.defaultBlock));
  }

  /** Analyses code that runs because of a condition, which depends on what was said if `isSteered`. */
  #guarded(isSteered: boolean, condition: unknown, follow: () => void): void {
    const outer = this.guard;
    if (isSteered) this.guard = typeof condition === 'string' ? condition : expressionText(condition);
    follow();
    this.guard = outer;
  }

  #write(node: TemplateNode, value: FlowValue): void {
    this.rules.write(value, node);
    const written = this.guard === undefined ? value : steered(value);
    for (const words of written.chosen)
      this.reports.add(
        `because of what was said (${this.guard ?? expressionText(node)}) it writes ${shown(words)}`,
      );
    this.#written = join(this.#written, asText(written));
  }
}

const MAX_SHOWN = 120;
const shown = (words: string): string => JSON.stringify(words.trim().slice(0, MAX_SHOWN));
