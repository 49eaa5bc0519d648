/** Words that are tokens of their own in a text, and so could stand in any prompt. */
const ORDINARY = /^[\p{Ll}\p{Lu}\p{Lo}]{2,}([ '-][\p{L}]+)*[.,!?]?$/u;
/** Names of control tokens that some tokenizers write without brackets. */
const NAMES = /^(pad|unk|eos|bos|sep|cls|mask|null|sop|eop|eot|eod)$/i;
/** How SentencePiece and byte-level BPE write the blank before a word. */
const BLANK = /^[▁Ġ]/;

/** Whether a token is a word as people write it: no control token may be one. */
export const isOrdinaryWord = (token: string): boolean => {
  const word = token.replace(BLANK, '');
  return ORDINARY.test(word) && !NAMES.test(word);
};
