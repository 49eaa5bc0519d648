import { z, zCount } from '#base';

/** What crosses the sandbox boundary during a conversion, beside the file itself: a task in, one line of JSON out. */

export const taskSchema = z.strictObject({ allowedGlobals: z.array(z.string()).max(20_000) });

/** The last line of standard error. */
export const outcomeSchema = z.union([
  z.strictObject({ tensors: zCount, bytes: zCount }),
  z.strictObject({ refused: z.string() }),
]);
export type ConvertOutcome = z.infer<typeof outcomeSchema>;

export const CHECKPOINT_PATH = '/checkpoint';
export const MAX_TASK_BYTES = 8 << 20;
