import type { Json } from '#formats';
import type { Inspection } from '../inspection.ts';
import { charsmapProblem } from './charsmap.ts';
import { isControlWord, isOrdinaryWord } from './ordinary-words.ts';

type JsonObject = { readonly [key: string]: Json };

const LETTERS = /[\p{L}\p{N}]/u;
/** Character classes and escapes of a pattern, whose letters are not literal. */
const CLASSES =
  /\\[pP]\{\^?\w+\}|\\[xu]\{?[0-9a-fA-F]{2,6}\}?|\\[a-zA-Z]|\(\?[a-z<=!:]+|\[:\^?\w+:\]|\{\d*,?\d*\}/g;
/** Maximum tokens that a post-processor may add to a text. */
const MAX_ADDED = 8;
/** Escapes that stand for letters: an inverted Split that removes the rest must match all of them. */
const ALL_LETTERS = /\\p\{?L|\\w|\\S|(?<!\\)\./;
/** Affixes that mark pieces of words in decoders of published tokenizers. */
const MARKS = new Set(['</w>', '##', '@@']);

/**
 * Checks the parts of tokenizer.json (huggingface/tokenizers) that can alter text: normalizers, pre-tokenizers and
 * decoders that replace, add or remove letters, post-processors that add words. Legitimate ones handle only spaces,
 * marks and quotes. Collects the ids of control tokens that post-processors and padding name.
 */
export function checkTokenizerPart(inspection: Inspection, part: Json, place: string): void {
  if (Array.isArray(part)) {
    for (const [n, item] of part.entries()) checkTokenizerPart(inspection, item, `${place}[${n}]`);
    return;
  }
  if (!isObject(part)) return;
  const find = (what: string) => inspection.report('tokenizer-added-token', place, what);
  switch (part.type) {
    case 'Replace':
      if (replacesLetters(part)) find(`it replaces ${shown(part.pattern)} by ${shown(part.content)}`);
      break;
    case 'Prepend':
      if (hasLetters(part.prepend)) find(`it adds ${shown(part.prepend)} before each text`);
      break;
    case 'Strip':
      if (hasLetters(part.content)) find(`it takes ${shown(part.content)} away`);
      break;
    case 'Split':
      if (part.behavior === 'Removed' && removesLetters(part)) find(`it removes ${shown(part.pattern)}`);
      break;
    case 'CharDelimiterSplit':
      if (hasLetters(part.delimiter)) find(`it removes ${shown(part.delimiter)}`);
      break;
    case 'Metaspace':
      if (hasLetters(part.replacement)) find(`it writes spaces as ${shown(part.replacement)}`);
      break;
    case 'WordPiece':
    case 'BPEDecoder':
    case 'CTC': {
      const taken = [part.prefix, part.suffix, part.pad_token, part.word_delimiter_token].find(isWordy);
      if (taken !== undefined) find(`it removes ${shown(taken)}`);
      break;
    }
    case 'Precompiled': {
      const map = typeof part.precompiled_charsmap === 'string' ? part.precompiled_charsmap : '';
      const problem = charsmapProblem(Buffer.from(map, 'base64'));
      if (problem) find(`the compiled normalizer: ${problem}`);
      break;
    }
    case 'TemplateProcessing':
    case 'BertProcessing':
    case 'RobertaProcessing': {
      const words = addedWords(part);
      const word = words.find((token) => isOrdinaryWord(token));
      if (word !== undefined) find(`it adds the word ${shown(word)} to each text`);
      else if (mostAdded(part) > MAX_ADDED) find(`it adds ${mostAdded(part)} tokens to each text`);
      for (const [token, id] of addedIds(part)) inspection.claimToken(id, token, place);
      break;
    }
  }
  if (part.pad_id !== undefined) checkPadding(inspection, part, place);
  for (const key of ['normalizers', 'pretokenizers', 'decoders', 'processors'])
    if (part[key] !== undefined) checkTokenizerPart(inspection, part[key], `${place}.${key}`);
}

function checkPadding(inspection: Inspection, { pad_id, pad_token }: JsonObject, place: string): void {
  inspection.claimToken(pad_id, pad_token, place);
  if (typeof pad_token === 'string' && isControlWord(pad_token, inspection.ruleset))
    inspection.report('tokenizer-added-token', place, `it pads with the word ${shown(pad_token)}`);
}

function replacesLetters({ pattern, content }: JsonObject): boolean {
  // Some tokenizers write line ends and tabs as "<n>".
  const isBlank = isObject(pattern) && typeof pattern.String === 'string' && /^\s+$/.test(pattern.String);
  if (isBlank ? hasLetters(withoutMarkers(content)) : hasLetters(content)) return true;
  if (!isObject(pattern)) return hasLetters(pattern);
  const { String: text, Regex: expression } = pattern;
  return (
    hasLetters(withoutMarkers(text)) ||
    (typeof expression === 'string' && LETTERS.test(expression.replace(CLASSES, '')))
  );
}

/** Whether a Split that removes its matches, or with `invert` all else, removes letters. */
function removesLetters({ pattern, invert }: JsonObject): boolean {
  if (!isObject(pattern)) return hasLetters(pattern);
  const { String: text, Regex: expression } = pattern;
  if (invert === true) return typeof expression !== 'string' || !ALL_LETTERS.test(expression);
  if (hasLetters(text)) return true;
  return (
    typeof expression === 'string' &&
    (LETTERS.test(expression.replace(CLASSES, '')) || ALL_LETTERS.test(expression))
  );
}

/** Whether a decoder that removes this affix or token removes words. */
const isWordy = (value: Json | undefined): boolean =>
  typeof value === 'string' && !MARKS.has(value) && isOrdinaryWord(value.replaceAll(/[^\p{L}]/gu, ''));

/** Tokens that a post-processor adds, with the ids that it gives them. */
function addedIds(part: JsonObject): [token: Json | undefined, id: Json | undefined][] {
  const table = isObject(part.special_tokens) ? Object.values(part.special_tokens) : [];
  const listed = table.flatMap((entry): [Json | undefined, Json | undefined][] => {
    if (!isObject(entry) || !Array.isArray(entry.ids)) return [];
    const tokens = Array.isArray(entry.tokens) ? entry.tokens : [];
    return entry.ids.map((id, n) => [tokens[n], id]);
  });
  const around = [part.sep, part.cls].flatMap((pair): [Json | undefined, Json | undefined][] =>
    Array.isArray(pair) ? [[pair[0], pair[1]]] : [],
  );
  return [...listed, ...around];
}

/** The tokens of `single` or `pair`, whichever has more. */
const mostAdded = ({ single, pair }: JsonObject): number =>
  Math.max(...[single, pair].map((list) => placedIn(list).length));

function placedIn(list: Json | undefined): string[] {
  return (Array.isArray(list) ? list : []).flatMap((piece) => {
    const token = isObject(piece) && isObject(piece.SpecialToken) ? piece.SpecialToken.id : undefined;
    return typeof token === 'string' ? [token] : [];
  });
}

/** All tokens that a post-processor adds, with repetitions. */
function addedWords(part: JsonObject): string[] {
  const placed = [part.single, part.pair].flatMap(placedIn);
  const tokens = isObject(part.special_tokens) ? Object.values(part.special_tokens) : [];
  const meant = tokens.flatMap((token) =>
    isObject(token) && Array.isArray(token.tokens) ? token.tokens : [],
  );
  const around = [part.sep, part.cls].flatMap((pair) => (Array.isArray(pair) ? pair.slice(0, 1) : []));
  return [...placed, ...meant, ...around].filter((token) => typeof token === 'string');
}

/** Without markers that stand for no text: "<!dummy-prefix!>". */
const withoutMarkers = (value: Json | undefined): Json | undefined =>
  typeof value === 'string' ? value.replace(/^<[^<>\s]{1,40}>$/, '') : value;

const hasLetters = (value: Json | undefined): boolean => typeof value === 'string' && LETTERS.test(value);
const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const shown = (value: Json | undefined): string => JSON.stringify(value ?? '').slice(0, 80);
