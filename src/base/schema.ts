import { z } from 'zod';
import { BitorchError } from './errors.ts';
import { describeProblem, problemOf, type SchemaProblem, sentenceOf } from './schema-issue.ts';

export { describeProblem, type SchemaProblem, z };

// Every message of every schema is a sentence for people; one that a schema brings itself goes first.
z.config({ localeError: sentenceOf });

/** Bytes of one exact length, or of at most `max`. */
export const zBytes = (length: number): z.ZodType<Uint8Array> =>
  z.instanceof(Uint8Array).refine((b) => b.length === length, `must be ${length} bytes`);
export const zBytesUpTo = (max: number): z.ZodType<Uint8Array> =>
  z.instanceof(Uint8Array).refine((b) => b.length <= max, `must be at most ${max} bytes`);

/** Whole numbers from 0 that a double holds exactly: sizes, offsets, counts. */
export const zCount: z.ZodType<number> = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** A value by its schema, or what is wrong with it. */
export function parse<T>(schema: z.ZodType<T>, value: unknown): { data: T } | { wrong: SchemaProblem } {
  const result = schema.safeParse(value);
  return result.success ? { data: result.data } : { wrong: problemOf(result.error.issues) };
}

/**
 * Checks a decoded value against a schema. Throws BitorchError `SCHEMA_INVALID`, whose message and whose details `what`, `path`
 * and `problem` name the field and what it must be.
 */
export function check<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = parse(schema, value);
  if ('data' in result) return result.data;
  throw new BitorchError('SCHEMA_INVALID', `${what}: ${describeProblem(result.wrong, 'it')}`, {
    what,
    ...result.wrong,
  });
}
