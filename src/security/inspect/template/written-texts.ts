import type { TemplateNode } from '#execution';
import { nameOf, nodes, operatorOf } from './flow/nodes.ts';

/** A text that a template may write, and its conditions. */
export interface WrittenText {
  readonly text: string;
  /** The conditions around it as in the template, outermost first. */
  readonly conditions: readonly string[];
}

const COMPARISONS = new Set(
  '== != < <= > >= in'.split(' ').flatMap((operator) => [operator, `not ${operator}`]),
);
/** Filters, methods and functions whose first arguments are searched for, not written; the value is their number. */
const SEARCHED: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    'split rsplit partition rpartition strip lstrip rstrip trim startswith endswith find rfind index rindex count removeprefix removesuffix map select reject selectattr rejectattr sort unique groupby dictsort raise_exception strftime int float round'
      .split(' ')
      .map((name): [string, number] => [name, Number.POSITIVE_INFINITY]),
  ),
  replace: 1,
  get: 1,
  pop: 1,
};
const MAX_CONDITION = 80;

/** Every text in a template that can become part of a prompt. Texts that are only compared or searched for cannot. */
export function writtenTexts(tree: TemplateNode): WrittenText[] {
  const found: WrittenText[] = [];
  walk(tree, []);
  return found;

  function walk(node: unknown, conditions: readonly string[]): void {
    if (Array.isArray(node)) for (const item of node) walk(item, conditions);
    else if (node instanceof Map) for (const pair of node) walk(pair, conditions);
    else if (typeof node === 'object' && node !== null) visit(node as TemplateNode, conditions);
  }

  function visit(node: TemplateNode, conditions: readonly string[]): void {
    switch (node.type) {
      case 'StringLiteral':
        found.push({ text: String(node.value), conditions });
        return;
      case 'If': {
        const test = expressionText(node.test);
        walk(node.test, conditions);
        walk(node.body, [...conditions, `if ${test}`]);
        walk(node.alternate, [...conditions, `unless ${test}`]);
        return;
      }
      case 'Ternary': {
        const test = expressionText(node.condition);
        walk(node.condition, conditions);
        walk(node.trueExpr, [...conditions, `if ${test}`]);
        walk(node.falseExpr, [...conditions, `unless ${test}`]);
        return;
      }
      case 'SelectExpression':
        walk(node.test, conditions);
        walk(node.lhs, [...conditions, `if ${expressionText(node.test)}`]);
        return;
      case 'BinaryExpression':
        if (!COMPARISONS.has(operatorOf(node))) walk([node.left, node.right], conditions);
        return;
      case 'TestExpression':
        walk(node.operand, conditions);
        return;
      case 'MemberExpression':
        walk(node.object, conditions);
        return;
      case 'FilterExpression':
        if (node.operand) walk(node.operand, conditions);
        walk(written(node.filter as TemplateNode), conditions);
        return;
      case 'FilterStatement':
        for (const { filter } of [node, ...nodes(node.more ?? [])])
          walk(written(filter as TemplateNode), conditions);
        walk(node.body, conditions);
        return;
      case 'CallExpression':
        if (nameOf(node.callee) === 'strftime_now') {
          for (const { text } of writtenTexts({ type: 'Program', body: node.args }))
            found.push({ text: text.replace(/%-?[A-Za-z%]/g, ' '), conditions });
          return;
        }
        walk(callee(node), conditions);
        walk(written(node), conditions);
        return;
      case 'KeywordArgumentExpression':
        walk(node.value, conditions);
        return;
      case 'Comment':
        return;
      default:
        for (const [field, child] of Object.entries(node)) if (field !== 'operator') walk(child, conditions);
    }
  }
}

/** What the texts under the same conditions say one behind the other: words may be cut into pieces. */
export function piecesTogether(texts: readonly WrittenText[]): string[] {
  const groups = new Map<string, string[]>();
  for (const { text, conditions } of texts) {
    const key = JSON.stringify(conditions);
    const group = groups.get(key);
    if (group) group.push(text);
    else groups.set(key, [text]);
  }
  return [...groups.values()]
    .filter((pieces) => pieces.length > 1)
    .flatMap((pieces) => [pieces.join(''), pieces.join(' ')]);
}

/** The object of a method call; undefined for a call by name. */
const callee = (call: TemplateNode): unknown => {
  const { type, object } = call.callee as TemplateNode;
  return type === 'MemberExpression' ? object : undefined;
};

/** The arguments of a call that may be written. */
function written(call: TemplateNode): readonly unknown[] {
  if (call.type !== 'CallExpression') return [];
  const { type, property } = call.callee as TemplateNode;
  const name = nameOf(type === 'MemberExpression' ? property : call.callee);
  return (call.args as unknown[]).slice(Object.hasOwn(SEARCHED, name) ? SEARCHED[name] : 0);
}

/** Source-like text of an expression, cut to MAX_CONDITION characters. */
export function expressionText(node: unknown): string {
  const text = shown(node, 12);
  return text.length > MAX_CONDITION ? `${text.slice(0, MAX_CONDITION)}…` : text;
}

function shown(node: unknown, depth: number): string {
  const { type, ...fields } = (node ?? { type: '' }) as TemplateNode;
  if (depth === 0) return '…';
  const show = (child: unknown): string => shown(child, depth - 1);
  const list = (children: unknown): string => (Array.isArray(children) ? children : []).map(show).join(', ');
  switch (type) {
    case 'StringLiteral':
      return JSON.stringify(String(fields.value).slice(0, MAX_CONDITION));
    case 'Identifier':
    case 'IntegerLiteral':
    case 'FloatLiteral':
      return String(fields.value);
    case 'BinaryExpression':
      return `${show(fields.left)} ${operatorOf({ type, ...fields })} ${show(fields.right)}`;
    case 'UnaryExpression':
      return `${operatorOf({ type, ...fields })} ${show(fields.argument)}`;
    case 'TestExpression':
      return `${show(fields.operand)} is ${fields.negate ? 'not ' : ''}${nameOf(fields.test)}`;
    case 'FilterExpression':
      return `${show(fields.operand)}|${show(fields.filter)}`;
    case 'MemberExpression':
      return fields.computed
        ? `${show(fields.object)}[${show(fields.property)}]`
        : `${show(fields.object)}.${show(fields.property)}`;
    case 'CallExpression':
      return `${show(fields.callee)}(${list(fields.args)})`;
    case 'SliceExpression':
      return [fields.start, fields.stop, fields.step].map((part) => (part ? show(part) : '')).join(':');
    case 'ArrayLiteral':
    case 'TupleLiteral':
      return `[${list(fields.value)}]`;
    case 'Ternary':
      return `${show(fields.trueExpr)} if ${show(fields.condition)} else ${show(fields.falseExpr)}`;
    default:
      return type === '' ? '' : '…';
  }
}
