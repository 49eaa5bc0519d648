import { dataDirectory, type Options, z } from '#base';
import { ROLES } from './roles.ts';

/** Who the node is and what it does. */
export const HOME_OPTIONS = {
  home: {
    schema: z.string().min(1).default(dataDirectory),
    value: 'folder',
    help: 'data directory',
    defaultText: "the system's folder for application data",
    variable: 'BITORCH_HOME',
  },
  name: {
    schema: z.string().max(64).default(''),
    value: 'name',
    help: 'name shown to other nodes',
    defaultText: 'the node id',
  },
  roles: {
    schema: z.array(z.enum(ROLES)).min(1).default(['client', 'seed']),
    value: 'list',
    help: `what the node does: ${ROLES.join(', ')}`,
  },
} satisfies Options;
