import { LOG_LEVELS, type Options, z } from '#base';

/** The parts of a node that log; each line has its room in the field `room`. */
const LOG_ROOMS = [
  'network',
  'peers',
  'distribution',
  'models',
  'inference',
  'security',
  'chain',
  'server',
] as const;

export type LogRoom = (typeof LOG_ROOMS)[number];

const LEVEL = LOG_LEVELS.join('|');

/** What the node logs to standard error. */
export const LOG_OPTIONS = {
  log: {
    schema: z
      .array(
        z
          .string()
          .regex(
            new RegExp(`^((${LOG_ROOMS.join('|')})=)?(${LEVEL})$`),
            'must be a level or room=level, such as info or network=debug',
          ),
      )
      .default(['warn']),
    value: 'levels',
    help: `what is logged: ${LOG_LEVELS.join(', ')}, or room=level for one of ${LOG_ROOMS.join(', ')}`,
  },
} satisfies Options;
