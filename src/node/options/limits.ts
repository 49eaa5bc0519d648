import { type Options, z } from '#base';

/** Below this, peers would take the node for one that does not answer. */
const LEAST_KB_PER_SECOND = 16;
const TIME = '([01]\\d|2[0-3]):[0-5]\\d';

const zRate = z.number().int().min(LEAST_KB_PER_SECOND).max(10_000_000);

/** What the node may use of its machine. All of these can be changed while it runs. */
export const LIMIT_OPTIONS = {
  diskBytes: {
    schema: z.number().int().min(1).optional(),
    value: 'bytes',
    unit: 'bytes',
    help: 'disk space for models fetched from other nodes; no limit when absent',
  },
  uploadRate: {
    schema: zRate.optional(),
    value: 'kB/s',
    unit: 'kB/s',
    help: 'upload of model files to all peers together; no limit when absent',
  },
  downloadRate: {
    schema: zRate.optional(),
    value: 'kB/s',
    unit: 'kB/s',
    help: 'download of model files from all peers together; no limit when absent',
  },
  hours: {
    schema: z
      .string()
      .regex(new RegExp(`^${TIME}-${TIME}$`), 'must be two times, such as 22:00-07:00')
      .optional(),
    value: 'from-to',
    help: 'local time in which the node uploads and runs blocks for others; always when absent',
    form: 'HH:MM-HH:MM, such as 22:00-07:00',
  },
  pauseOnBattery: {
    schema: z.boolean().default(false),
    help: 'upload nothing and run no blocks for others while the machine runs on battery (Linux)',
  },
} satisfies Options;
