import type { Json } from '#formats';
import type { Inspection } from '../inspection.ts';
import { charsmapProblem } from './charsmap.ts';
import { isOrdinaryWord } from './ordinary-words.ts';

type JsonObject = { readonly [key: string]: Json };

const LETTERS = /[\p{L}\p{N}]/u;
/** Character classes and escapes of a pattern, whose letters are not literal. */
const CLASSES =
  /\\[pP]\{\^?\w+\}|\\[xu]\{?[0-9a-fA-F]{2,6}\}?|\\[a-zA-Z]|\(\?[a-z<=!:]+|\[:\^?\w+:\]|\{\d*,?\d*\}/g;
/** Maximum tokens that a post-processor may add to a text. */
const MAX_ADDED = 8;

/**
 * Checks the parts of tokenizer.json (huggingface/tokenizers) that can alter text: normalizers and decoders that
 * replace or add letters, post-processors that add words. Legitimate ones handle only spaces, marks and quotes.
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
    case 'Precompiled': {
      const map = typeof part.precompiled_charsmap === 'string' ? part.precompiled_charsmap : '';
      const problem = charsmapProblem(Buffer.from(map, 'base64'));
      if (problem) find(`the compiled normalizer is damaged: ${problem}`);
      break;
    }
    case 'TemplateProcessing':
    case 'BertProcessing':
    case 'RobertaProcessing': {
      const words = addedWords(part);
      const word = words.find((token) => isOrdinaryWord(token));
      if (word !== undefined) find(`it adds the word ${shown(word)} to each text`);
      else if (words.length > MAX_ADDED) find(`it adds ${words.length} tokens to each text`);
      break;
    }
  }
  for (const key of ['normalizers', 'decoders', 'processors'])
    if (part[key] !== undefined) checkTokenizerPart(inspection, part[key], `${place}.${key}`);
}

function replacesLetters({ pattern, content }: JsonObject): boolean {
  if (hasLetters(content)) return true;
  if (!isObject(pattern)) return hasLetters(pattern);
  const { String: text, Regex: expression } = pattern;
  return (
    hasLetters(text) || (typeof expression === 'string' && LETTERS.test(expression.replace(CLASSES, '')))
  );
}

/** All tokens that a post-processor adds, with repetitions. */
function addedWords(part: JsonObject): string[] {
  const pieces = [part.single, part.pair].flatMap((list) => (Array.isArray(list) ? list : []));
  const placed = pieces.flatMap((piece) => {
    const token = isObject(piece) && isObject(piece.SpecialToken) ? piece.SpecialToken.id : undefined;
    return typeof token === 'string' ? [token] : [];
  });
  const tokens = isObject(part.special_tokens) ? Object.values(part.special_tokens) : [];
  const meant = tokens.flatMap((token) =>
    isObject(token) && Array.isArray(token.tokens) ? token.tokens : [],
  );
  const around = [part.sep, part.cls].flatMap((pair) => (Array.isArray(pair) ? pair.slice(0, 1) : []));
  return [...placed, ...meant, ...around].filter((token) => typeof token === 'string');
}

const hasLetters = (value: Json | undefined): boolean => typeof value === 'string' && LETTERS.test(value);
const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const shown = (value: Json | undefined): string => JSON.stringify(value ?? '').slice(0, 80);
