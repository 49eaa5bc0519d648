import { messageOf } from '#base';
import type { Json } from '#formats';
import { isExponential } from '../regex/ambiguity.ts';
import { visit } from './config.ts';
import type { Inspection } from './inspection.ts';

interface AddedToken {
  id: number;
  content: string;
  special: boolean;
  place: string;
}

const MAX_PATTERNS = 128;
/** Words that are tokens of their own in a text, and so could stand in any prompt. */
const ORDINARY = /^[\p{Ll}\p{Lu}\p{Lo}]{2,}([ '-][\p{L}]+)*[.,!?]?$/u;
const CONTROL = /^(<[^<>]*>|\[[^[\]]*\]|<\|.*\|>|<｜.*｜>)$/u;

/** Rules for tokenizer.json and tokenizer_config.json: patterns that run for ever, tokens with two meanings. */
export function inspectTokenizer(
  inspection: Inspection,
  root: Json,
  vocabulary: ReadonlyMap<string, number>,
): void {
  const patterns: [string, string][] = [];
  visit(root, '', (key, value, place) => {
    if (key === 'Regex' && typeof value === 'string') patterns.push([value, place]);
  });
  if (patterns.length > MAX_PATTERNS) inspection.find('tokenizer-regex', '', `${patterns.length} patterns`);
  for (const [pattern, place] of patterns.slice(0, MAX_PATTERNS)) inspectRegex(inspection, pattern, place);
  const tokens = addedTokensOf(root);
  judgeTokens(inspection, tokens, vocabulary);
}

function inspectRegex(inspection: Inspection, pattern: string, place: string): void {
  if (pattern.length > inspection.ruleset.limits.regexBytes) {
    inspection.find('tokenizer-regex', place, `a pattern of ${pattern.length} characters`);
    return;
  }
  try {
    if (isExponential(pattern)) inspection.find('tokenizer-regex', place, pattern);
  } catch (error) {
    inspection.find('tokenizer-regex', place, `${messageOf(error)}: ${pattern}`);
  }
}

function addedTokensOf(root: Json): AddedToken[] {
  if (typeof root !== 'object' || root === null || Array.isArray(root)) return [];
  const { added_tokens, added_tokens_decoder } = root;
  const list = Array.isArray(added_tokens)
    ? added_tokens.map((token, n) => tokenOf(token, undefined, `added_tokens[${n}]`))
    : [];
  const decoder = isObject(added_tokens_decoder)
    ? Object.entries(added_tokens_decoder).map(([id, token]) =>
        tokenOf(token, Number(id), `added_tokens_decoder.${id}`),
      )
    : [];
  return [...list, ...decoder].filter((token) => token !== undefined);
}

function tokenOf(value: Json, id: number | undefined, place: string): AddedToken | undefined {
  if (!isObject(value) || typeof value.content !== 'string') return undefined;
  return { id: id ?? Number(value.id), content: value.content, special: value.special === true, place };
}

function judgeTokens(
  inspection: Inspection,
  tokens: readonly AddedToken[],
  vocabulary: ReadonlyMap<string, number>,
): void {
  const ordinary = new Set(inspection.ruleset.tokenizer.ordinaryAddedTokens);
  const texts = new Map<number, string>();
  const ids = new Set(tokens.map(({ id }) => id));
  const byId = new Map([...vocabulary].filter(([, id]) => ids.has(id)).map(([text, id]) => [id, text]));
  for (const { id, content, special, place } of tokens) {
    const shown = JSON.stringify(content.slice(0, 60));
    const twin = texts.get(id);
    if (twin !== undefined && twin !== content) {
      inspection.find(
        'tokenizer-added-token',
        place,
        `the id ${id} is ${JSON.stringify(twin.slice(0, 60))} and ${shown}`,
      );
    }
    texts.set(id, content);
    const known = vocabulary.get(content);
    if (known !== undefined && known !== id) {
      inspection.find(
        'tokenizer-added-token',
        place,
        `${shown} has the id ${known} in the vocabulary and ${id} here`,
      );
    }
    const replaced = byId.get(id);
    if (replaced !== undefined && replaced !== content && CONTROL.test(replaced) && ORDINARY.test(content)) {
      inspection.find(
        'tokenizer-added-token',
        place,
        `${shown} takes the place of ${JSON.stringify(replaced)}`,
      );
    }
    if (special && ORDINARY.test(content) && !ordinary.has(content)) {
      inspection.find('tokenizer-added-token', place, `the ordinary text ${shown} is a control token`);
    }
  }
}

const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
