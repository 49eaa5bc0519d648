import { z } from 'zod';
import { BitorchError } from './errors.ts';
import { describeProblem, problemOf, type SchemaProblem, sentenceOf } from './schema-issue.ts';

export { describeProblem, z };

// Issues of every schema are reported as sentences; a schema's own message takes precedence.
z.config({ localeError: sentenceOf });

/** A Uint8Array of exactly `length` bytes (`zBytes`), or of at most `max` bytes (`zBytesUpTo`). */
export const zBytes = (length: number): z.ZodType<Uint8Array> =>
  z.instanceof(Uint8Array).refine((b) => b.length === length, `must be ${length} bytes`);
export const zBytesUpTo = (max: number): z.ZodType<Uint8Array> =>
  z.instanceof(Uint8Array).refine((b) => b.length <= max, `must be at most ${max} bytes`);

/** Integers from 0 that a double represents exactly: sizes, offsets, counts. */
export const zCount: z.ZodType<number> = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** Parses a value; returns it, or the first problem with it. */
export function parse<T>(schema: z.ZodType<T>, value: unknown): { data: T } | { wrong: SchemaProblem } {
  const result = schema.safeParse(value);
  return result.success ? { data: result.data } : { wrong: problemOf(result.error.issues) };
}

/**
 * Checks a decoded value against a schema. Throws SCHEMA_INVALID, whose message names the field and what it must be; the
 * details hold `what`, `path` and `problem`.
 */
export function check<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = parse(schema, value);
  if ('data' in result) return result.data;
  throw new BitorchError('SCHEMA_INVALID', `${what}: ${describeProblem(result.wrong, 'it')}`, {
    what,
    ...result.wrong,
  });
}
