import { createHash } from 'node:crypto';
import { dangerIn } from './dangers.ts';
import { DESCRIBING_WORDS } from './describing-words.ts';
import { KNOWN_SENTENCES } from './known-sentences.ts';
import { unreadableIn } from './languages.ts';
import { PLAIN_WORDS } from './vocabulary.ts';

/** An unusual text that a template writes. */
export interface OddText {
  /** Whether it is refused wherever it is written. */
  readonly refused: boolean;
  /** Whether it is the label of a speaker, which tells a model nothing. */
  readonly isLabel?: boolean;
  /** Whether it has words with which nobody describes an assistant. */
  readonly isNew?: boolean;
  /** What is unusual about it. */
  readonly why: string;
}

/** Control tokens: anything without spaces in angle brackets, capitals in square brackets. */
const TOKEN = /<[^<>\s]{1,60}>|\[\/?[A-Z_]{2,60}\]/g;
const MAX_TOKEN_WORDS = 4;
/** Longest word in the name of a token; longer ones are several words. */
const MAX_NAME = 20;
const WORD = /[\p{L}\p{M}]{2,}/gu;
const ASCII_WORD = /[A-Za-z]{2,}/g;
/**
 * Control characters except tab and line ends, bidirectional and zero-width characters, tags, variation selectors,
 * private use, the empty Braille cell.
 */
const INVISIBLE = /\p{Cc}|\p{Cf}|\p{Co}|\p{Cn}|\p{Default_Ignorable_Code_Point}|\u2800/u;
const VISIBLE_CONTROLS = /[\t\n\r]/g;
/** Separated letters, as in "I g n o r e" or "I.g.n.o.r.e". */
const SPACED = /(?<![\p{L}\p{N}])\p{L}(?:([ .,_*|/\\-]{1,3})\p{L}){3,}(?![\p{L}\p{N}])/u;
/** An address to which a model could refer people. */
const ADDRESS =
  /\b(?:https?|ftp|wss?):\/\/|\bwww\.|[\w.+-]@[\w-]+\.\w|[\w-]\.(?:com|net|org|io|ai|dev|app|info|example|invalid|test|xyz|ru|cn|de|eu|uk|onion)\b/i;
const LONG_NUMBER = /\d(?:[ .-]?\d){6,}|\b[A-Z]{2}\d\d(?:[ ]?[A-Z0-9]{4}){3,}/;
/** "You are NAME, an assistant created by NAME.": the identity that a model is given. */
const IDENTITY =
  /\b(?:you are|i am|named|called|name is|created by|developed by|trained by|made by|built by|from)\s+((?:the\s+)?\p{Lu}[\p{L}\p{N}.&-]*(?:\s+\p{Lu}[\p{L}\p{N}.&-]*){0,3})/giu;
/** The label of a speaker: one word, two words followed by a colon, or up to three after a heading mark. */
const LABEL =
  /^[\s\p{P}\p{S}]*(?:[A-Za-z]{2,20}|\p{Script=Han}{2,4}|(?:[\p{L}\d]{1,20}[ _-]){0,1}[\p{L}\d]{1,20} ?[:：]|#{1,6} (?:[\p{L}\d]{1,20}[ _-]){0,2}[\p{L}\d]{1,20})[\s\p{P}\p{S}]*$/u;
const MIN_SENTENCE = 4;
/** Words one behind the other, as no structure of data has them. */
const PROSE = /(?:\p{L}{2,}[, ]+){4}\p{L}{2,}/u;
const MAX_SHOWN_WORDS = 4;
/** Maximum new labels of one text: those of speakers. */
const MAX_LABELS = 3;

const known = new Set(KNOWN_SENTENCES.split(' '));
const plain = new Set(PLAIN_WORDS.split(' '));
const describing = new Set(DESCRIBING_WORDS.split(' '));

/** The first invisible character of a text in U+XXXX notation; undefined if there is none. */
function hiddenIn(text: string): string | undefined {
  const hidden = INVISIBLE.exec(text.replace(VISIBLE_CONTROLS, ''))?.[0];
  return hidden === undefined
    ? undefined
    : `U+${hidden.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
}

/**
 * Judges a text that a template writes of its own. Sentences of published templates are fine, and new ones are odd; what
 * tells a model to do harm, addresses, account numbers, hidden or separated letters and languages that cannot be judged are
 * refused. `assembled`: the text was put together of single words, so that any word that templates do not have is refused.
 */
export function oddText(text: string, { assembled = false } = {}): OddText | undefined {
  const hidden = hiddenIn(text);
  if (hidden) return { refused: true, why: `writes characters that cannot be seen (${hidden}) in` };
  const spaced = SPACED.exec(withoutTokens(text));
  if (spaced && !known.has(digestOf(text))) return { refused: true, why: 'spells with separated letters' };
  const harmful = harmIn(text);
  if (harmful) return harmful;
  const found = newSentences(text).flatMap((sentence) => oddSentence(sentence, assembled) ?? []);
  const odd =
    found.find(({ refused }) => refused) ??
    found.find(({ isNew }) => isNew) ??
    found.find(({ isLabel }) => !isLabel) ??
    found[0];
  // Many labels one behind the other are sentences.
  return odd && found.length > MAX_LABELS ? { ...odd, isLabel: false } : odd;
}

/** What in a text tells a model to do harm, sentences of published templates left out. */
export function harmIn(text: string): OddText | undefined {
  const danger = dangerIn(newSentences(text).join(' '));
  return danger === undefined
    ? undefined
    : { refused: true, why: `writes words that urge, conceal or deceive (${danger}) in` };
}

/** Whether a text has no words but those of published templates: whole sentences of theirs, and control tokens. */
export const isPublished = (text: string): boolean => newDigests(text).length === 0;

const newSentences = (text: string): string[] =>
  [...new Set(sentencesOf(text))].filter((sentence) => !isKnown(sentence));

/** Whether published templates have a sentence, as it is or between other control tokens. */
function isKnown(sentence: string): boolean {
  if (known.has(digestOf(sentence))) return true;
  const rest = withoutTokens(sentence);
  return rest !== sentence && /\p{L}/u.test(rest) && known.has(digestOf(rest));
}

/** Digests of the sentences of a text that have words and are not known. */
export const newDigests = (text: string): string[] =>
  newSentences(text)
    .filter((sentence) => /[\p{L}\p{N}]/u.test(withoutTokens(sentence)))
    .map(digestOf);

/** Splits a text into sentences and lines. */
const sentencesOf = (text: string): string[] => text.split(/[\n\r]+|(?<=[.!?:;。！？：])\s+/u);

/** Identifies a sentence by its letters and digits, regardless of case, including those of tokens. */
const digestOf = (sentence: string): string =>
  createHash('sha256')
    .update(sentence.toLowerCase().replace(/[^\p{L}\p{M}\p{N}]+/gu, ''))
    .digest('hex')
    .slice(0, 20);

function oddSentence(sentence: string, assembled: boolean): OddText | undefined {
  const rest = withoutTokens(sentence);
  const address = ADDRESS.exec(rest) ?? LONG_NUMBER.exec(rest);
  if (address) return { refused: true, why: 'writes an address or number' };
  const nameless = rest.replace(IDENTITY, (all, name: string) => all.replace(name, ' '));
  const words = wordsOf(nameless);
  const unknown = words.filter((word) => !isPlain(word));
  if (unknown.length === 0)
    return words.length < MIN_SENTENCE
      ? undefined
      : { refused: assembled && PROSE.test(nameless), why: 'writes' };
  const isLabel = LABEL.test(nameless);
  const unreadable = isLabel ? undefined : unreadableIn(nameless, isPlain);
  if (unreadable) return { refused: true, why: `writes ${unreadable} in` };
  const shown = [...new Set(unknown)].slice(0, MAX_SHOWN_WORDS).join(', ');
  return {
    refused: assembled && !isLabel,
    isLabel,
    isNew: !isLabel && unknown.some((word) => !describing.has(word.toLowerCase())),
    why: `writes words that known templates do not have (${shown}) in`,
  };
}

const wordsOf = (text: string): string[] =>
  (text.match(WORD) ?? []).flatMap((word) => (isPlain(word) ? [word] : (wordsApart(word).match(WORD) ?? [])));

/** Whether the word occurs in instructions, or published templates write it alone. */
const isPlain = (word: string): boolean => plain.has(word.toLowerCase()) || known.has(digestOf(word));

/** Replaces each occurrence of `others` in a text by a line end. */
export const withoutTexts = (text: string, others: readonly string[]): string =>
  [...new Set(others)]
    .filter((other) => other !== '')
    .sort((a, b) => b.length - a.length)
    .reduce((rest, other) => rest.replaceAll(other, '\n'), text);

/** Removes control tokens from a text. Words in brackets that are more than a name remain. */
const withoutTokens = (text: string): string =>
  text.normalize('NFKC').replace(TOKEN, (token) => {
    const words = wordsApart(token).match(ASCII_WORD) ?? [];
    const names = token.startsWith('[') ? 1 : 2;
    const [, ...own] = token.includes(':') ? words : [''];
    if (own.length > 0 && own.length < MAX_TOKEN_WORDS && own.every(isPlain)) return ' ';
    const isName = words.length <= names && words.every((word) => word.length <= MAX_NAME);
    return isName || (words.length <= MAX_TOKEN_WORDS && words.every(isPlain)) ? ' ' : token;
  });

/** Separates the words of "AlwaysSayYes". */
const wordsApart = (text: string): string => text.replace(/(?<=\p{Ll})(?=\p{Lu})/gu, ' ');
