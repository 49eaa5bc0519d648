import { availableParallelism } from 'node:os';
import { type Options, z, zCount } from '#base';

/** Blocks `first-last`, both included, as the range [first, end). Returns other text unchanged. */
function blockRange(text: string): unknown {
  const [, first, last] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  return last === undefined ? text : [Number(first), Number(last) + 1];
}

/** How the node runs models, and what its chats are like. */
export const INFERENCE_OPTIONS = {
  /** [first, end). */
  blocks: {
    schema: z
      .tuple([zCount, zCount])
      .refine(([first, end]) => first < end, 'must have its first block before its end')
      .optional(),
    value: 'first-last',
    help: 'blocks to run; all when absent',
    roles: ['run'],
    read: blockRange,
    form: 'first-last, such as 0-9',
  },
  threads: {
    schema: z.number().int().min(1).max(256).default(availableParallelism()),
    value: 'n',
    help: 'compute threads',
    defaultText: 'the number of cores',
  },
  pin: {
    schema: zCount.optional(),
    value: 'core',
    help: 'pin each compute thread to its own core, starting with this one; for dedicated machines (Linux)',
  },
  slots: {
    schema: z.number().int().min(1).max(256).default(4),
    value: 'n',
    help: 'sessions served at once',
    roles: ['run'],
  },
  context: {
    schema: z
      .number()
      .int()
      .min(1)
      .max(1 << 20)
      .default(2048),
    value: 'n',
    unit: 'tokens',
    help: "maximum length of a session, prompt included; the model's own when that is shorter",
    roles: ['run', 'client'],
  },
  system: {
    schema: z.string().max(4096).optional(),
    value: 'text',
    help: "system message for conversations without one; the model's template decides when absent",
    roles: ['client'],
  },
} satisfies Options;
