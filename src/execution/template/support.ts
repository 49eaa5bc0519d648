/**
 * Finds the parts of a template that this interpreter does not implement: called when a model is published, before any
 * chat.
 */
import { FILTER_NAMES } from './filters.ts';
import { METHODS } from './methods.ts';
import { TEST_NAMES } from './tests.ts';
import type { TemplateNode } from './token-cursor.ts';

const FUNCTIONS = new Set(['raise_exception', 'strftime_now', 'range', 'namespace', 'dict']);
const LOOP_METHODS = new Set(['cycle', 'changed']);

/** Names the filters, tests and functions of a template that are not implemented, on any branch. */
export function unknownParts(tree: TemplateNode): string[] {
  const defined = new Set<string>();
  const nodes: TemplateNode[] = [];
  const waiting: unknown[] = [tree];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next !== 'object' || next === null) continue;
    const node = next as TemplateNode;
    if (node.type === 'Macro') defined.add(nameOf(node.name));
    if (node.type === 'Set' || node.type === 'For') defined.add(nameOf(node.assignee ?? node.loopvar));
    if (typeof node.type === 'string') nodes.push(node);
    for (const inner of next instanceof Map ? [...next].flat() : Object.values(next)) waiting.push(inner);
  }
  return [...new Set(nodes.flatMap((node) => unknownIn(node, defined)))].sort();
}

const nameOf = (node: unknown): string => String((node as TemplateNode).value ?? '');

function unknownIn(node: TemplateNode, defined: ReadonlySet<string>): string[] {
  if (node.type === 'FilterExpression' || node.type === 'FilterStatement') {
    const filter = node.filter as TemplateNode;
    const name = nameOf(filter.type === 'CallExpression' ? filter.callee : filter);
    return FILTER_NAMES.has(name) ? [] : [`the filter ${name}`];
  }
  if (node.type === 'TestExpression') {
    const name = nameOf(node.test);
    return TEST_NAMES.has(name) ? [] : [`the test ${name}`];
  }
  if (node.type !== 'CallExpression') return [];
  const callee = node.callee as TemplateNode;
  const name = nameOf(callee.type === 'MemberExpression' ? callee.property : callee);
  if (callee.type === 'MemberExpression')
    return callee.computed || METHODS.has(name) || LOOP_METHODS.has(name) ? [] : [`the method .${name}()`];
  const known = FUNCTIONS.has(name) || defined.has(name) || name === 'caller' || FILTER_NAMES.has(name);
  return callee.type === 'Identifier' && !known ? [`the function ${name}()`] : [];
}
