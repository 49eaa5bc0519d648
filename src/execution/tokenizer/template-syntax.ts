/** Chat templates taken apart: what judges look at, and what the bounded interpreter renders. */
import { parse, tokenize } from '@huggingface/jinja';
import { BitorchError, messageOf } from '#base';

/** A node of a template's syntax tree: `type` names it, other fields hold children and values. */
export interface TemplateNode {
  readonly type: string;
  readonly [field: string]: unknown;
}

const OPEN = new Set(['OpenParen', 'OpenSquareBracket', 'OpenCurlyBracket']);
const CLOSE = new Set(['CloseParen', 'CloseSquareBracket', 'CloseCurlyBracket']);
const OPENING_WORDS = new Set(['if', 'elif', 'for', 'macro', 'call', 'filter']);
const CLOSING_WORDS = new Set(['endif', 'endfor', 'endmacro', 'endcall', 'endfilter']);
const MAX_DEPTH = 100;
const MAX_CHAIN = 200;
/** The package's lexer looks at a run of white space once for each of its characters. */
const BLANK_RUN = /\s{1024}/;

/**
 * The syntax tree of a Jinja template. Throws TEMPLATE_INVALID for what is no template, or is nested deeper than any
 * machine's stack is sure to take.
 */
export function parseTemplate(source: string): TemplateNode {
  try {
    if (BLANK_RUN.test(source)) throw new Error('more than 1,024 blanks and line ends in a row');
    const tokens = tokenize(source, { lstrip_blocks: true, trim_blocks: true });
    checkDepth(tokens);
    return parse(tokens) as unknown as TemplateNode;
  } catch (error) {
    throw new BitorchError('TEMPLATE_INVALID', `the chat template cannot be read: ${messageOf(error)}`);
  }
}

/** Everything over which the parser recurses is bounded: brackets, blocks, and chains of prefixes in one expression. */
function checkDepth(tokens: readonly { type: string; value: string }[]): void {
  let brackets = 0;
  let blocks = 0;
  let chain = 0;
  for (const [n, { type, value }] of tokens.entries()) {
    if (OPEN.has(type)) brackets++;
    else if (CLOSE.has(type)) brackets--;
    else if (type === 'UnaryOperator' || (type === 'Identifier' && /^(not|if|else)$/.test(value))) chain++;
    else if (type === 'CloseStatement' || type === 'CloseExpression') chain = 0;
    if (tokens[n - 1]?.type === 'OpenStatement') {
      if (OPENING_WORDS.has(value)) blocks++;
      else if (value === 'endif') blocks = Math.max(0, blocks - 1);
      else if (CLOSING_WORDS.has(value)) blocks--;
    }
    if (brackets > MAX_DEPTH || blocks > MAX_CHAIN || chain > MAX_CHAIN) {
      throw new Error(`nested deeper than ${MAX_DEPTH} brackets or ${MAX_CHAIN} blocks`);
    }
  }
}
