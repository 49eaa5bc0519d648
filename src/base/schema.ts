import { z } from 'zod';
import { BitorchError } from './errors.ts';

export { z };

/** Bytes of one exact length, or of at most `max`. */
export const zBytes = (length: number): z.ZodType<Uint8Array> =>
  z.instanceof(Uint8Array).refine((b) => b.length === length, `must be ${length} bytes`);
export const zBytesUpTo = (max: number): z.ZodType<Uint8Array> =>
  z.instanceof(Uint8Array).refine((b) => b.length <= max, `must be at most ${max} bytes`);

/** Whole numbers from 0 that a double holds exactly: sizes, offsets, counts. */
export const zCount: z.ZodType<number> = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** Checks a decoded value against a schema. Throws BitorchError `SCHEMA_INVALID` that names the field. */
export function check<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new BitorchError('SCHEMA_INVALID', `${what}: ${issue?.path.join('.') || 'value'}: ${issue?.message}`);
}
