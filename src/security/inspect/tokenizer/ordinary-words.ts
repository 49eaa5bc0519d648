import type { Ruleset } from '../../ruleset/ruleset.ts';

/** Words that are single tokens in ordinary text, and so could occur in any prompt. */
const ORDINARY = /^[\p{Ll}\p{Lu}\p{Lo}]{2,}([ '-][\p{L}]+)*[.,!?]?$/u;
/** Names of control tokens that some tokenizers write without brackets. */
const NAMES = /^(pad|unk|eos|bos|sep|cls|mask|null|sop|eop|eot|eod)$/i;
/** The space before a word, as SentencePiece and byte-level BPE encode it. */
const BLANK = /^[▁Ġ]/;

/** Whether a token is an ordinary word, which no control token may be. */
export const isOrdinaryWord = (token: string): boolean => {
  const word = token.replace(BLANK, '');
  return ORDINARY.test(word) && !NAMES.test(word);
};

/** Whether two spellings of a token are one: with and without the mark of a space before it. */
export const isSameToken = (a: string, b: string): boolean =>
  a === b || a.trimStart().replace(BLANK, '') === b.trimStart().replace(BLANK, '');

/** Whether a control token is an ordinary word that no well-known tokenizer has as one. */
export const isControlWord = (token: string, { tokenizer }: Ruleset): boolean =>
  isOrdinaryWord(token) && !tokenizer.ordinaryAddedTokens.includes(token);
