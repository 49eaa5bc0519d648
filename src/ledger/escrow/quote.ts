import { BitorchError } from '#base';
import { type SigningKey, verifySignature } from '#crypto';
import { key } from '../accounts/shapes.ts';
import { amount, type Decoded, encode, fixed, integer, struct } from '../codec/index.ts';
import { CHAIN_ID_BYTES, SIGNATURE_BYTES } from '../constants.ts';

const PURPOSE = 'escrow-quote';

/** What a node asks for running some blocks of a model. */
export const quoteTermsCodec = struct({
  chainId: fixed(CHAIN_ID_BYTES),
  node: key,
  /** Hash of the model's manifest. */
  model: fixed(32),
  firstBlock: integer(0, 65_535),
  blocks: integer(1, 65_535),
  /** Sparks a token. */
  priceIn: amount,
  priceOut: amount,
  /** A receipt is due after so many tokens. */
  chunkTokens: integer(1, 4_096),
  /** Sparks: the node stops when more than this is delivered and not paid. */
  maxExposure: amount,
  /** The last height at which a session can begin on these terms. */
  expiry: integer(),
});

export type QuoteTerms = Decoded<typeof quoteTermsCodec>;

export const quoteCodec = struct({ terms: quoteTermsCodec, signature: fixed(SIGNATURE_BYTES) });
export type Quote = Decoded<typeof quoteCodec>;

export function signQuote(terms: QuoteTerms, node: SigningKey): Quote {
  return { terms, signature: node.sign(PURPOSE, encode(quoteTermsCodec, terms)) };
}

/** The terms of a quote that is its node's own and still stands at a height. Throws QUOTE_INVALID. */
export function termsOf({ terms, signature }: Quote, height: number): QuoteTerms {
  if (!verifySignature(PURPOSE, encode(quoteTermsCodec, terms), signature, terms.node)) {
    throw new BitorchError('QUOTE_INVALID', 'the quote is not signed by the node it names');
  }
  if (height > terms.expiry)
    throw new BitorchError('QUOTE_INVALID', 'the quote has expired: ask for a new one');
  return terms;
}

/** Tokens since the beginning of a session. */
export interface Usage {
  readonly tokensIn: number;
  readonly tokensOut: number;
}

/** Sparks. */
export const priceOf = (terms: QuoteTerms, { tokensIn, tokensOut }: Usage): bigint =>
  terms.priceIn * BigInt(tokensIn) + terms.priceOut * BigInt(tokensOut);
