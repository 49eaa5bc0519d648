import type { TemplateNode } from '#execution';
import { expressionText } from '../written-texts.ts';
import {
  asText,
  CONSTANT,
  CONTENT,
  changed,
  dependsOnContent,
  type FlowValue,
  join,
  joinAll,
  MESSAGE,
  outcome,
  steered,
  UNKNOWN,
} from './value.ts';

/** Fields of messages, their parts and tool calls that hold conversation text. */
const CONTENT_FIELDS = new Set(
  'content text reasoning_content reasoning thinking thought thoughts thinking_content arguments input value query output response refusal'.split(
    ' ',
  ),
);
/** Fields that describe the structure of a message rather than its text. */
const STRUCTURE = new Set(
  'role type name id tool_call_id tool_calls function recipient train weight prefix'.split(' '),
);
/** Bracketed tokens, and switches that users write for the template: templates may search for them. */
const MARKUP =
  /<[^<>]{1,60}>(?:[a-z_]{1,20}(?=<))?|\[\/?[A-Z_ ]{2,40}\]|\/(?:no_?)?think\b|\bdetailed thinking o(?:n|ff)\b|\/system_override\b/g;
const KINDS = new Set(
  'string mapping sequence iterable defined undefined none number integer float boolean true false callable'.split(
    ' ',
  ),
);
/** Filters and methods that preserve the text, as one text or as a list. */
const KEEPING = new Set('string safe list tojson default d from_json copy indent'.split(' '));
/** Filters and methods that list what a message or the arguments of a call contain. */
const LISTING = new Set(['items', 'values', 'dictsort']);
/** Filters and methods that write their arguments. */
const WRITING = new Set('replace format indent'.split(' '));
const STRIPPING = new Set('trim strip lstrip rstrip'.split(' '));
/** Sequences that are escaped inside quotes and markup, and their escapes. */
const ESCAPES = new Set([
  '\\',
  '\\\\',
  '"',
  '\\"',
  '\\\\"',
  "'",
  "\\'",
  '\n',
  '\\n',
  '\r\n',
  '\r',
  '\\r',
  '\t',
  '\\t',
  '\n\n',
  '&',
  '&amp;',
  '<',
  '&lt;',
  '>',
  '&gt;',
  '&quot;',
]);
const CUTTING = new Set('split rsplit partition rpartition removeprefix removesuffix'.split(' '));
const LOOKING = new Set('startswith endswith find rfind index rindex count'.split(' '));

/** A place of a format that does more than insert a value. */
const SIZED = /%(?:\(\w*\))?[^sd%(]/;

/** The ways in which an empty value is written. */
const NOTHING = new Set(['', 'null', '{}', '[]']);

/** Whether a text that is compared with conversation text, or searched for in it, contains no ordinary words. */
function isHarmlessText(value: string): boolean {
  if (NOTHING.has(value)) return true;
  const rest = value.replace(MARKUP, '');
  return rest !== value && !/[\p{L}\p{N}]/u.test(rest);
}

/** The operations that chat templates may apply to conversation text. Reports all others. */
export class ContentRules {
  readonly #report: (what: string) => void;

  constructor(report: (what: string) => void) {
    this.#report = report;
  }

  /** The value of an object's field. It is conversation text if the field's name denotes such. */
  field(object: FlowValue, name: string): FlowValue {
    const field = this.#fieldOf(object, name);
    return object.steered ? steered(field) : field;
  }

  #fieldOf(object: FlowValue, name: string): FlowValue {
    if (object.dependence === 'changed') return { ...object, shape: 'other' };
    if (CONTENT_FIELDS.has(name)) return CONTENT;
    if (object.shape === 'message' || STRUCTURE.has(name)) return { ...UNKNOWN, dated: object.dated };
    if (object.shape === 'messages') return MESSAGE;
    return dependsOnContent(object) ? CONTENT : { ...object, shape: 'other' };
  }

  write(value: FlowValue, node: unknown): void {
    if (value.dependence === 'changed' || value.dependence === 'part')
      this.#report(`it changes what was said: ${value.change || expressionText(node)}`);
  }

  test(value: FlowValue, node: unknown): void {
    if (value.dependence === 'changed') this.#report(`it depends on what was said: ${expressionText(node)}`);
  }

  compare(operator: string, [left, right]: readonly [FlowValue, FlowValue], node: unknown): FlowValue {
    const { left: a, right: b } = node as { left: unknown; right: unknown };
    for (const [value, other, otherNode] of [
      [left, right, b],
      [right, left, a],
    ] as const) {
      if (value.dependence === 'none' || this.#isHarmless(operator, value, other, otherNode)) continue;
      this.#report(`it depends on what was said: ${expressionText(node)}`);
      break;
    }
    this.#undated(left, node);
    this.#undated(right, node);
    return outcome(
      left.steered ||
        right.steered ||
        asksContent(operator, left, right, b) ||
        asksContent(operator, right, left, a),
    );
  }

  #undated({ dated }: FlowValue, node: unknown): void {
    if (dated) this.#report(`it depends on the date: ${expressionText(node)}`);
  }

  #isHarmless(operator: string, value: FlowValue, other: FlowValue, otherNode: unknown): boolean {
    if (value.dependence === 'changed') return false;
    if (value.dependence === 'size') return /^[01]$/.test(expressionText(otherNode));
    if (dependsOnContent(other) || !other.texts) return false;
    return [...other.texts].every((text) => isHarmlessText(text) || asksType(operator, value, text));
  }

  isTest(value: FlowValue, name: string, args: readonly FlowValue[], node: unknown): FlowValue {
    if (KINDS.has(name)) return outcome(value.steered);
    const other = joinAll(args);
    const harmless =
      !dependsOnContent(value) || (args.length > 0 && this.#isHarmless('==', value, other, undefined));
    if (!harmless || dependsOnContent(other))
      this.#report(`it depends on what was said: ${expressionText(node)}`);
    this.#undated(join(value, other), node);
    return outcome(value.steered || other.steered || asksContent('==', value, other, undefined));
  }

  itemOf(value: FlowValue, node: unknown): FlowValue {
    if (value.shape === 'messages') return value.dependence === 'changed' ? asItem(value) : MESSAGE;
    if (value.shape === 'list') return { ...value, shape: 'other' };
    if (value.dependence === 'size') return changed(value, expressionText(node));
    if (value.dependence === 'whole' || value.dependence === 'part') return { ...value, dependence: 'item' };
    return value.shape === 'message' ? UNKNOWN : value;
  }

  partOf(value: FlowValue, node: unknown): FlowValue {
    if (value.shape === 'messages') return value.dependence === 'changed' ? asItem(value) : MESSAGE;
    if (value.shape === 'list') return { ...value, shape: 'other' };
    if (value.dependence !== 'whole' && value.dependence !== 'item') return value;
    const part: FlowValue = { ...value, dependence: 'part', change: expressionText(node) };
    // Whether there is a fortieth character asks how long the text is; whether there is a first, if there is any.
    return isAtEnd(node) ? part : steered(part);
  }

  /** A slice of a list of parts or of a text. Neither may be written or compared with a word. */
  slice(value: FlowValue, node: unknown): FlowValue {
    const part = this.partOf({ ...value, shape: value.shape === 'messages' ? 'other' : value.shape }, node);
    return value.shape === 'messages' || value.shape === 'list' ? value : { ...part, shape: 'list' };
  }

  lookUp(object: FlowValue, key: FlowValue, node: unknown): void {
    this.#undated(key, node);
    if (dependsOnContent(key) && !dependsOnContent(object) && object.shape === 'other')
      this.#report(`it looks something up by what was said: ${expressionText(node)}`);
  }

  filter(name: string, value: FlowValue, args: readonly FlowValue[], node: unknown): FlowValue {
    if (name === 'length' || name === 'count') return lengthOf(value);
    if (name === 'first' || name === 'last') return this.partOf(value, node);
    if (name === 'join') return joined(value, joinAll(args));
    if (name === 'default' || name === 'd') return joinAll([value, ...args]);
    if (name === 'format') return this.formatted(value, args, node);
    if (value.shape === 'messages' && /^(list|reverse)$/.test(name)) return value;
    return this.#made(name, asText(value), args, node);
  }

  /** Values in a format of "%", which may only insert them: a width or precision fills or cuts them. */
  formatted(format: FlowValue, args: readonly FlowValue[], node: unknown): FlowValue {
    const made = joinAll([asText(format), ...args.map(asText)]);
    const inserts = format.texts && [...format.texts].every((text) => !SIZED.test(text));
    return inserts || !args.some(dependsOnContent) ? made : changed(made, expressionText(node));
  }

  method(name: string, value: FlowValue, args: readonly FlowValue[], node: unknown): FlowValue {
    if (name === 'join') return joined(joinAll(args), value);
    if (name === 'format') return joinAll([asText(value), ...args.map(asText)]);
    if (name === 'keys') return UNKNOWN;
    if (name === 'get' || name === 'pop') {
      for (const key of args.slice(0, 1)) this.lookUp(value, key, node);
      const found = joinAll([
        value.shape === 'message' ? CONTENT : this.partOf(value, node),
        ...args.slice(1),
      ]);
      return args[0]?.steered ? steered(found) : found;
    }
    return this.#made(name, asText(value), args, node);
  }

  /** What a filter or method makes of a text; the template's own texts in it stay its own. */
  #made(name: string, value: FlowValue, args: readonly FlowValue[], node: unknown): FlowValue {
    // What "replace" searches for is not written.
    const written = name === 'replace' ? args.slice(1) : args;
    const { words, chosen, steered: isSteered } = joinAll([value, ...written]);
    const made = this.#madeOf(name, value, args, node);
    const searches = LOOKING.has(name) || CUTTING.has(name) || STRIPPING.has(name);
    const kept: FlowValue = {
      ...made,
      steered: made.steered || isSteered,
      words: searches ? value.words : words,
      chosen: searches ? value.chosen : chosen,
    };
    return args.some((arg) => arg.steered) ? steered(kept) : kept;
  }

  #madeOf(name: string, value: FlowValue, args: readonly FlowValue[], node: unknown): FlowValue {
    const shown = expressionText(node);
    if (!dependsOnContent(value)) {
      // "x"|replace("x", content) writes the text; "x".find(content) searches for it.
      const words = joinAll(args);
      if (!dependsOnContent(words)) {
        if (LOOKING.has(name) || /^is[a-z]+$/.test(name)) this.#undated(join(value, words), node);
        return { ...UNKNOWN, dated: value.dated || words.dated };
      }
      if (!WRITING.has(name)) this.#report(`it depends on what was said: ${shown}`);
      return asText(words);
    }
    if (value.dependence === 'changed' || KEEPING.has(name)) return value;
    if (LISTING.has(name)) return { ...value, dependence: 'whole', shape: 'list' };
    if (STRIPPING.has(name)) {
      const strips = args.every(
        ({ texts }) => texts && [...texts].every((text) => !/[\p{L}\p{N}]/u.test(text)),
      );
      return strips ? value : changed(value, shown);
    }
    const harmless = args.every(
      ({ dependence, texts }) => dependence === 'none' && texts && [...texts].every(isHarmlessText),
    );
    if (LOOKING.has(name)) {
      if (!harmless) this.#report(`it depends on what was said: ${shown}`);
      return outcome(true);
    }
    if (CUTTING.has(name) && harmless && args.length > 0)
      return steered({ ...value, shape: /split|partition/.test(name) ? 'list' : value.shape });
    if (
      name === 'replace' &&
      (harmless || args.every(({ texts }) => texts && [...texts].every((each) => ESCAPES.has(each))))
    )
      return value;
    if (/^is[a-z]+$/.test(name)) {
      this.#report(`it depends on what was said: ${shown}`);
      return outcome(true);
    }
    return changed(value, shown);
  }
}

/** Whether a node takes the first or last item. */
function isAtEnd(node: unknown): boolean {
  const { type, property } = node as TemplateNode;
  return type !== 'MemberExpression' || /^(0|- ?1)$/.test(expressionText(property));
}

/** Whether comparing with a text asks for the type of a message part: no single character is a word. */
const asksType = (operator: string, { dependence, shape }: FlowValue, text: string): boolean =>
  (dependence === 'item' || dependence === 'part') &&
  shape !== 'list' &&
  /^(==|!=|in|not in)$/.test(operator) &&
  /^\w{2,}$/.test(text);

/** Whether comparing a value with another asks for what was said, beyond whether anything was said. */
function asksContent(operator: string, value: FlowValue, other: FlowValue, otherNode: unknown): boolean {
  if (!dependsOnContent(value)) return false;
  if (value.dependence === 'size') return !/^[01]$/.test(expressionText(otherNode));
  if (!other.texts) return true;
  return [...other.texts].some((text) => !NOTHING.has(text) && !asksType(operator, value, text));
}

/** An item of messages that were sorted, cut or made unique by what was said. */
const asItem = (value: FlowValue): FlowValue => ({ ...value, shape: 'other' });

/** The items of a list with a separator, which is written as often as there are items. */
const joined = (list: FlowValue, separator: FlowValue): FlowValue =>
  join(asText(list), list.steered ? steered(separator) : separator);

function lengthOf(value: FlowValue): FlowValue {
  const { steered: isSteered } = value;
  if (!dependsOnContent(value) || value.shape === 'messages')
    return { ...CONSTANT, texts: undefined, steered: isSteered };
  return value.dependence === 'changed' ? value : { ...CONTENT, dependence: 'size', steered: isSteered };
}
