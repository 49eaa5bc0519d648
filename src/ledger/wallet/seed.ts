import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { BitorchError, concat, utf8 } from '#base';
import { type Account, accountFromSpendSecret, type Curve } from '#crypto';

export const ENTROPY_BYTES = 32;
const WORDS = 24;
/** The first four letters identify a word of the list (BIP-39), and some backups keep only these. */
const TELLING_LETTERS = 4;
const byLetters = new Map(wordlist.map((word) => [word.slice(0, TELLING_LETTERS), word]));

/** The 24 words (BIP-39, English) that restore the wallet. */
export const wordsOf = (entropy: Uint8Array): string => entropyToMnemonic(entropy, wordlist);

/**
 * The entropy encoded by 24 words, 32 bytes. Accepts the forms in which people keep words: numbered, in columns, with commas,
 * on several lines, in capitals, or cut to their first letters, at least four. If each word has a number from 1 to 24, the
 * numbers give the order. Throws WORDS_INVALID when there are not 24 words, one is not in the list, or the checksum fails.
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

/** Number of words in a text, whatever separates them. */
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

/** The account of a wallet: spend secret b = Hs("bitorch/wallet" ‖ entropy), view secret a = Hs(b) as in Monero. */
export function accountOf(entropy: Uint8Array, curve: Curve): Account {
  return accountFromSpendSecret(curve.hashToScalar(concat([utf8('bitorch/wallet'), entropy])), curve);
}
