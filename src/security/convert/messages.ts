import { z, zCount } from '#base';

/** What crosses the border of the sandbox at a conversion: a task in, a line of JSON out, beside the file itself. */

export const taskSchema = z.strictObject({ allowedGlobals: z.array(z.string()).max(20_000) });

/** The last line of what it tells. */
export const outcomeSchema = z.union([
  z.strictObject({ tensors: zCount, bytes: zCount }),
  z.strictObject({ refused: z.string() }),
]);
export type ConvertOutcome = z.infer<typeof outcomeSchema>;

export const CHECKPOINT_AT = '/checkpoint';
export const MAX_TASK_BYTES = 8 << 20;
