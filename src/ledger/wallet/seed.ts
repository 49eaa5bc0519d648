import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { BitorchError, concat, utf8 } from '#base';
import { type Account, accountFromSpendSecret, type Curve } from '#crypto';

export const ENTROPY_BYTES = 32;

/** The 24 words (BIP-39, English) that are all one needs to have the wallet again. */
export const wordsOf = (entropy: Uint8Array): string => entropyToMnemonic(entropy, wordlist);

/** Throws WORDS_INVALID for words that are not in the list, are not 24 or fail their checksum. */
export function entropyOf(words: string): Uint8Array {
  const tidy = words.normalize('NFKD').trim().toLowerCase().split(/\s+/);
  const refuse = (why: string): never => {
    throw new BitorchError('WORDS_INVALID', `these are not the words of a wallet: ${why}`);
  };
  const strange = tidy.find((word) => !wordlist.includes(word));
  if (tidy.length !== 24) refuse(`24 are needed, not ${tidy.length}`);
  if (strange !== undefined) refuse(`"${strange}" is not in the list`);
  try {
    return mnemonicToEntropy(tidy.join(' '), wordlist);
  } catch {
    return refuse('the last word does not fit the others: look for a swapped or a wrong word');
  }
}

/** b = Hs("bitorch/wallet" ‖ entropy), and from it Monero's way: a = Hs(b). */
export function accountOf(entropy: Uint8Array, curve: Curve): Account {
  return accountFromSpendSecret(curve.hashToScalar(concat([utf8('bitorch/wallet'), entropy])), curve);
}
