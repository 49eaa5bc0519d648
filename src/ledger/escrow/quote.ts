import { BitorchError } from '#base';
import { type SigningKey, verifySignature } from '#crypto';
import { key } from '../accounts/shapes.ts';
import { amount, type Decoded, encode, fixed, integer, struct } from '../codec/index.ts';
import { CHAIN_ID_BYTES, SIGNATURE_BYTES } from '../constants.ts';

const PURPOSE = 'escrow-quote';

/** A node's price for running a range of blocks of a model. */
export const quoteTermsCodec = struct({
  chainId: fixed(CHAIN_ID_BYTES),
  node: key,
  /** Hash of the model's manifest. */
  model: fixed(32),
  firstBlock: integer(0, 65_535),
  blocks: integer(1, 65_535),
  /** Sparks per token. */
  priceIn: amount,
  priceOut: amount,
  /** Tokens after which a receipt is due. */
  chunkTokens: integer(1, 4_096),
  /** Sparks: the node stops when more than this is delivered and unpaid. */
  maxExposure: amount,
  /** The last height at which a session can start on these terms. */
  expiry: integer(),
});

export type QuoteTerms = Decoded<typeof quoteTermsCodec>;

export const quoteCodec = struct({ terms: quoteTermsCodec, signature: fixed(SIGNATURE_BYTES) });
export type Quote = Decoded<typeof quoteCodec>;

export function signQuote(terms: QuoteTerms, node: SigningKey): Quote {
  return { terms, signature: node.sign(PURPOSE, encode(quoteTermsCodec, terms)) };
}

/** The terms of a quote. Throws QUOTE_INVALID when it is not signed by its node or has expired at `height`. */
export function termsOf({ terms, signature }: Quote, height: number): QuoteTerms {
  if (!verifySignature(PURPOSE, encode(quoteTermsCodec, terms), signature, terms.node)) {
    throw new BitorchError('QUOTE_INVALID', 'the quote is not signed by the node it names');
  }
  if (height > terms.expiry)
    throw new BitorchError('QUOTE_INVALID', 'the quote has expired: ask for a new one');
  return terms;
}

/** Tokens since the start of a session. */
export interface Usage {
  readonly tokensIn: number;
  readonly tokensOut: number;
}

/** Price of the usage, in sparks. */
export const priceOf = (terms: QuoteTerms, { tokensIn, tokensOut }: Usage): bigint =>
  terms.priceIn * BigInt(tokensIn) + terms.priceOut * BigInt(tokensOut);
