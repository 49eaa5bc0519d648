import type { TemplateNode } from '#execution';
import type { Ruleset } from '../../ruleset/ruleset.ts';

const STATEMENTS = new Set(
  (
    'Program If For Break Continue Set Macro Comment MemberExpression CallExpression Identifier IntegerLiteral FloatLiteral ' +
    'StringLiteral ArrayLiteral TupleLiteral ObjectLiteral BinaryExpression FilterExpression FilterStatement SelectExpression ' +
    'TestExpression UnaryExpression SliceExpression KeywordArgumentExpression SpreadExpression KeywordSpreadExpression ' +
    'CallStatement Ternary Text Generation'
  ).split(' '),
);
/** Objects of Flask and Jinja by which templates are known to escape their sandbox. */
const REACHING_NAMES = new Set(
  'self lipsum cycler joiner request get_flashed_messages url_for g session environ os sys subprocess eval exec open import __import__ globals locals getattr setattr'.split(
    ' ',
  ),
);
const INTERNALS =
  'class|mro|globals|builtins|subclasses|init|import|bases?|getattribute|getattr|getitem|code|reduce|reduce_ex|module|dict|loader|spec|func|self|closure|call|enter|wrapped';
/** Requires two underscores on one side, or the whole text with one on each: "tool_call_id" does not match. */
const PYTHON_INTERNALS = new RegExp(
  `__(${INTERNALS})_|_(${INTERNALS})__|^_(${INTERNALS})_$|^(mro|subclasses|func_globals|gi_frame|f_globals|tb_frame|co_code|popen)$`,
);
const MAX_PROBLEMS = 16;

/** Describes what a template does that no chat template needs, at most MAX_PROBLEMS items. */
export function checkTemplate(tree: TemplateNode, ruleset: Ruleset): string[] {
  const checker = new TemplateChecker(ruleset);
  checker.collect(tree);
  checker.walk(tree);
  return [...checker.problems].slice(0, MAX_PROBLEMS);
}

class TemplateChecker {
  readonly problems = new Set<string>();
  readonly #ruleset: Ruleset;
  readonly #macros = new Set<string>();
  /** Variables that hold a text assembled by the template. */
  readonly #builtTexts = new Set<string>();
  /** Variables that are set to lists, and whether every such list contains only macros. */
  readonly #macroLists = new Map<string, boolean>();
  #nodes = 0;

  constructor(ruleset: Ruleset) {
    this.#ruleset = ruleset;
  }

  /** First pass: finds the names of macros and of variables with assembled texts. */
  collect(tree: TemplateNode): void {
    for (const node of nodesOf(tree)) {
      if (++this.#nodes > this.#ruleset.limits.templateNodes) {
        this.problems.add(`more than ${this.#ruleset.limits.templateNodes} parts`);
        return;
      }
      if (node.type === 'Macro') this.#macros.add(nameOf(node.name));
      if (node.type !== 'Set') continue;
      const { assignee, value, body } = node as TemplateNode & {
        assignee: TemplateNode;
        body: TemplateNode[];
      };
      const builds = value ? buildsText(value as TemplateNode) : body.length > 0;
      if (!builds) continue;
      if (assignee.type === 'Identifier') this.#builtTexts.add(nameOf(assignee));
      else if (assignee.type === 'MemberExpression') this.#builtTexts.add(nameOf(assignee.property));
    }
  }

  walk(tree: TemplateNode): void {
    for (const { type, assignee, value } of nodesOf(tree)) {
      if (type !== 'Set' || (assignee as TemplateNode).type !== 'Identifier') continue;
      const name = nameOf(assignee);
      const holds = value ? this.#isListOfMacros(value as TemplateNode, name) : false;
      this.#macroLists.set(name, holds && this.#macroLists.get(name) !== false);
    }
    for (const node of nodesOf(tree)) {
      if (!STATEMENTS.has(node.type)) this.problems.add(`the statement ${node.type}`);
      const checker = this.#checks[node.type];
      checker?.(node);
      if (this.problems.size >= MAX_PROBLEMS) return;
    }
  }

  readonly #checks: Readonly<Record<string, ((node: TemplateNode) => void) | undefined>> = {
    Identifier: (node) => {
      const name = nameOf(node);
      if (REACHING_NAMES.has(name) || name.startsWith('__')) this.problems.add(`the name ${name}`);
    },
    StringLiteral: (node) => {
      const text = String(node.value);
      if (PYTHON_INTERNALS.test(text) && text.length < 200)
        this.problems.add(`the text ${JSON.stringify(text.slice(0, 60))}`);
    },
    MemberExpression: (node) => this.#member(node),
    CallExpression: (node) => this.#call(node),
    FilterExpression: (node) => this.#filter(node.filter as TemplateNode),
    FilterStatement: (node) => this.#filter(node.filter as TemplateNode),
    TestExpression: (node) => {
      const name = nameOf(node.test);
      if (!this.#ruleset.template.tests.includes(name)) this.problems.add(`the test ${name}`);
    },
  };

  #member(node: TemplateNode): void {
    const property = node.property as TemplateNode;
    const literal = node.computed
      ? property.type === 'StringLiteral'
        ? String(property.value)
        : ''
      : nameOf(property);
    if (literal.startsWith('_') || PYTHON_INTERNALS.test(literal))
      this.problems.add(`the attribute ${literal}`);
    if (!node.computed || property.type === 'SliceExpression') return;
    const inside = [property, ...nodesOf(property)];
    const built =
      buildsText(property) ||
      inside.some((part) => part.type === 'Identifier' && this.#builtTexts.has(nameOf(part)));
    if (built && !isNumberLike(property)) this.problems.add('an attribute whose name is put together');
  }

  #call(node: TemplateNode): void {
    const callee = node.callee as TemplateNode;
    const { functions, methods } = this.#ruleset.template;
    if (callee.type === 'Identifier') {
      const name = nameOf(callee);
      if (!functions.includes(name) && !this.#macros.has(name)) this.problems.add(`the function ${name}()`);
    } else if (callee.type === 'MemberExpression' && !callee.computed) {
      const name = nameOf(callee.property);
      if (name === 'format') this.#format(callee.object as TemplateNode);
      else if (!methods.includes(name)) this.problems.add(`the method .${name}()`);
    } else if (!this.#isMacroOfList(callee)) this.problems.add('a call of something computed');
  }

  /** Whether the callee is `list[i]` of a list that contains only macros. */
  #isMacroOfList({ type, computed, object }: TemplateNode): boolean {
    if (type !== 'MemberExpression' || !computed || (object as TemplateNode).type !== 'Identifier')
      return false;
    return this.#macroLists.get(nameOf(object)) === true;
  }

  #isListOfMacros(node: TemplateNode, name: string): boolean {
    if (node.type === 'ArrayLiteral')
      return (node.value as TemplateNode[]).every(
        (item) => item.type === 'Identifier' && this.#macros.has(nameOf(item)),
      );
    if (node.type === 'Identifier') return nameOf(node) === name;
    return (
      node.type === 'BinaryExpression' &&
      nameOf(node.operator) === '+' &&
      [node.left, node.right].every((side) => this.#isListOfMacros(side as TemplateNode, name))
    );
  }

  /** Checks str.format, whose fields can access attributes. */
  #format(target: TemplateNode): void {
    const text = target.type === 'StringLiteral' ? String(target.value) : undefined;
    if (text === undefined || /\{[^}]*[.[!]/.test(text))
      this.problems.add('format() with fields that reach attributes');
  }

  #filter(filter: TemplateNode): void {
    const name = nameOf(filter.type === 'CallExpression' ? filter.callee : filter);
    if (!this.#ruleset.template.filters.includes(name)) this.problems.add(`the filter ${name}`);
  }
}

const nameOf = (node: unknown): string => String((node as { value?: unknown } | undefined)?.value ?? '');

/** Whether an expression assembles a text from pieces. */
function buildsText(node: TemplateNode): boolean {
  return [node, ...nodesOf(node)].some((part) => {
    if (part.type === 'BinaryExpression') {
      const operator = nameOf(part.operator);
      const literal = [part.left, part.right].some((side) => (side as TemplateNode).type === 'StringLiteral');
      return operator === '~' || ((operator === '+' || operator === '%' || operator === '*') && literal);
    }
    if (part.type === 'FilterExpression') {
      const filter = part.filter as TemplateNode;
      return /^(join|format|replace|reverse|string|lower)$/.test(
        nameOf(filter.type === 'CallExpression' ? filter.callee : filter),
      );
    }
    return false;
  });
}

const isNumberLike = (node: TemplateNode): boolean => node.type === 'IntegerLiteral';

/**
 * Every node below a node, in source order. Names of filters, tests, attributes and keywords are not variables and
 * are omitted.
 */
export function* nodesOf(root: TemplateNode): Generator<TemplateNode> {
  const waiting: TemplateNode[] = childrenOf(root).reverse();
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    yield node;
    waiting.push(...childrenOf(node).reverse());
  }
}

function childrenOf(node: TemplateNode): TemplateNode[] {
  return Object.entries(node).flatMap(([field, child]) => {
    if (field === 'operator' || (node.type === 'TestExpression' && field === 'test')) return [];
    if (node.type === 'KeywordArgumentExpression' && field === 'key') return [];
    if (node.type === 'MemberExpression' && field === 'property' && !node.computed) return [];
    if (field === 'filter') return nodesIn((child as TemplateNode).args);
    return nodesIn(child);
  });
}

function nodesIn(value: unknown): TemplateNode[] {
  if (Array.isArray(value)) return value.flatMap(nodesIn);
  if (value instanceof Map) return [...value].flatMap(nodesIn);
  return typeof value === 'object' && value !== null && 'type' in value ? [value as TemplateNode] : [];
}
