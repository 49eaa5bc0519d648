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
