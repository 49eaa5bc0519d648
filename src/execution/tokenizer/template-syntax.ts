/** Chat templates taken apart for judges, and rendered within limits that are counted, not timed. */
import { Environment, Interpreter, parse, tokenize } from '@huggingface/jinja';
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
const MAX_RECURSION = 400;

/**
 * The syntax tree of a Jinja template. Throws TEMPLATE_INVALID for what is no template, or is nested deeper than any
 * machine's stack is sure to take.
 */
export function parseTemplate(source: string): TemplateNode {
  try {
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

export interface ProbeLimits {
  /** Nodes evaluated. */
  maxSteps: number;
  /** Characters of any text on the way. */
  maxText: number;
}

/**
 * Renders a template that parseTemplate() read; `now` is what strftime_now() says, the same on every machine. Throws TEMPLATE_REFUSES when the template raises
 * an exception or uses what this interpreter lacks, TEMPLATE_LIMIT when it goes over a limit.
 */
export function probeTemplate(
  tree: TemplateNode,
  values: Readonly<Record<string, unknown>>,
  limits: ProbeLimits,
  now: (format: unknown) => string,
): string {
  const environment = new Environment();
  const globals = { false: false, true: true, none: null, False: false, True: true, None: null };
  for (const [name, value] of Object.entries({ ...globals, ...values })) environment.set(name, value);
  environment.set('raise_exception', (reason: unknown) => {
    throw new BitorchError('TEMPLATE_REFUSES', String(reason));
  });
  environment.set('strftime_now', now);
  environment.set('range', boundedRange);
  try {
    const result = new BoundedInterpreter(environment, limits).run(tree);
    return String(result.value);
  } catch (error) {
    if (error instanceof BitorchError) throw error;
    throw new BitorchError('TEMPLATE_REFUSES', messageOf(error));
  }
}

const MAX_RANGE = 4096;

function boundedRange(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const length = Math.max(0, Math.ceil((to - from) / step));
  if (!(length <= MAX_RANGE)) throw new BitorchError('TEMPLATE_LIMIT', `range() of ${length} numbers`);
  return Array.from({ length }, (_, n) => from + n * step);
}

interface Evaluator {
  run(program: unknown): { value: unknown };
  evaluate(node: unknown, environment: unknown): { value: unknown };
}

// The package's types leave the interpreter out.
const Evaluating = Interpreter as unknown as new (environment: unknown) => Evaluator;

class BoundedInterpreter extends Evaluating {
  readonly #limits: ProbeLimits;
  #steps = 0;
  #depth = 0;

  constructor(environment: unknown, limits: ProbeLimits) {
    super(environment);
    this.#limits = limits;
  }

  override evaluate(node: unknown, environment: unknown): { value: unknown } {
    if (++this.#steps > this.#limits.maxSteps || this.#depth > MAX_RECURSION) {
      throw new BitorchError(
        'TEMPLATE_LIMIT',
        `more than ${this.#limits.maxSteps} steps, or endless recursion`,
      );
    }
    this.#depth++;
    try {
      const result = super.evaluate(node, environment);
      const { value } = result;
      const size = typeof value === 'string' || Array.isArray(value) ? value.length : 0;
      if (size > this.#limits.maxText) {
        throw new BitorchError('TEMPLATE_LIMIT', `a value grows beyond ${this.#limits.maxText}`);
      }
      return result;
    } finally {
      this.#depth--;
    }
  }
}
