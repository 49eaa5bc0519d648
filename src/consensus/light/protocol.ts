import { blob, type Codec, type Decoded, integer, MAX_TRANSACTION_BYTES, struct, tagged } from '#ledger';
import type { QuestionPath } from '../application/index.ts';
import { MAX_REPLY_FRAME } from './constants.ts';

/** Queries open to anybody: those whose answers a wallet can check against a header. */
export const OPEN_PATHS = [
  '/roots',
  '/totals',
  '/proven-outputs',
  '/proven-spends',
  '/proven-outputs-at',
] as const satisfies readonly QuestionPath[];

const MAX_DATA_BYTES = 8_192;

export type Query =
  | { readonly type: 'query'; readonly value: { readonly path: Uint8Array; readonly data: Uint8Array } }
  | { readonly type: 'submit'; readonly value: { readonly transaction: Uint8Array } };

const KINDS: readonly (readonly [Query['type'], Codec<unknown>])[] = [
  ['query', struct({ path: blob(32), data: blob(MAX_DATA_BYTES) })],
  ['submit', struct({ transaction: blob(MAX_TRANSACTION_BYTES) })],
];

/** The first byte is the position in the list above, from 1. */
export const queryCodec = tagged<Query>('question', KINDS);

/** The application's answer: 0 and the value, or the code of a refusal and the reason. */
export const replyCodec = struct({
  code: integer(0, 255),
  log: blob(4_096),
  value: blob(MAX_REPLY_FRAME),
});
export type Reply = Decoded<typeof replyCodec>;
