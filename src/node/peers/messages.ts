import { z, zBytes, zBytesUpTo, zCount } from '#base';
import { wordSchema } from './announcement.ts';
import { MAX_DIGEST_BYTES } from './digest.ts';

/** Maximum bytes of announcements and deltas in an answer. */
export const MAX_ROOM = 32 << 10;
export const MAX_WORDS = 64;
/** Maximum length of an announcement or delta. */
export const MAX_WORD_BYTES = 320 << 10;

export const questionSchema = z.strictObject({
  time: zCount,
  word: wordSchema,
  known: zBytesUpTo(MAX_DIGEST_BYTES),
  room: z.number().int().min(0).max(MAX_ROOM),
});
export const answerSchema = z.strictObject({ time: zCount, words: z.array(wordSchema).max(MAX_WORDS + 1) });
export const newsSchema = z.strictObject({ word: wordSchema });
export const holdersSchema = z.strictObject({ manifest: zBytes(32), block: zCount.nullable() });
