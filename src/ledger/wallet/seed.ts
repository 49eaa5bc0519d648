import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { BitorchError, concat, utf8 } from '#base';
import { type Account, accountFromSpendSecret, type Curve } from '#crypto';

export const ENTROPY_BYTES = 32;
const WORDS = 24;
/** No two words of the list begin with the same four letters (BIP-39): some backups keep no more of them. */
const TELLING_LETTERS = 4;
const byLetters = new Map(wordlist.map((word) => [word.slice(0, TELLING_LETTERS), word]));

/** The 24 words (BIP-39, English) that are all one needs to have the wallet again. */
export const wordsOf = (entropy: Uint8Array): string => entropyToMnemonic(entropy, wordlist);

/**
 * The secret behind 24 words as people keep and paste them: numbered, in columns, with commas, on several lines, in capitals,
 * or the first letters of each, four at least. Numbers from 1 to 24 give the order where each word has one. Throws
 * WORDS_INVALID for words that are not in the list, are not 24 or fail their checksum.
 */
export function entropyOf(text: string): Uint8Array {
  const refuse = (why: string): never => {
    throw new BitorchError('WORDS_INVALID', `these are not the words of a wallet: ${why}`);
  };
  const given = wordsIn(text);
  if (given.length !== WORDS) refuse(`${WORDS} are needed, not ${given.length}`);
  const words = given.map(
    (word, i) => listed(word) ?? refuse(`word ${i + 1}, "${word}", is not in the list`),
  );
  try {
    return mnemonicToEntropy(words.join(' '), wordlist);
  } catch {
    return refuse('the last word does not fit the others: look for a swapped or a wrong word');
  }
}

/** How many words a text has, whatever stands between them. */
export const countWords = (text: string): number => wordsIn(text).length;

function wordsIn(text: string): string[] {
  const plain = text
    .normalize('NFKD')
    .replace(/\p{Cf}/gu, '')
    .toLowerCase();
  const found = [...plain.matchAll(/(\d+)?[^\p{L}\d]*(\p{L}+)/gu)].map(([, number, word]) => ({
    number: Number(number),
    word: word!,
  }));
  const isNumbered = found.length === WORDS && new Set(found.map(({ number }) => number)).size === WORDS;
  if (isNumbered && found.every(({ number }) => number >= 1 && number <= WORDS))
    found.sort((a, b) => a.number - b.number);
  return found.map(({ word }) => word);
}

function listed(word: string): string | undefined {
  if (wordlist.includes(word)) return word;
  const whole = word.length < TELLING_LETTERS ? undefined : byLetters.get(word.slice(0, TELLING_LETTERS));
  return whole?.startsWith(word) ? whole : undefined;
}

/** b = Hs("bitorch/wallet" ‖ entropy), and from it Monero's way: a = Hs(b). */
export function accountOf(entropy: Uint8Array, curve: Curve): Account {
  return accountFromSpendSecret(curve.hashToScalar(concat([utf8('bitorch/wallet'), entropy])), curve);
}
