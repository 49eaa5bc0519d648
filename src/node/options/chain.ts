import { type Options, z } from '#base';

/** The chain that the node follows, and its wallet. */
export const CHAIN_OPTIONS = {
  genesis: {
    schema: z.string().max(4096).optional(),
    value: 'file',
    help: 'genesis file of the chain to follow; no chain and no wallet when absent',
  },
  light: {
    schema: z.boolean().default(false),
    help: 'follow the chain by its headers from untrusted nodes, without storing blocks',
  },
  trust: {
    schema: z.string().max(128).optional(),
    value: 'height:id',
    help: 'a recent block confirmed by somebody you trust, for a light node that was offline for long',
  },
  chainRest: {
    schema: z.number().int().min(1).max(15_000).optional(),
    value: 'ms',
    unit: 'ms',
    help: 'after 30 empty blocks, how long the next one waits for transactions; takes effect if all validators set it',
    roles: ['validate'],
  },
  walletPassword: {
    schema: z.string().min(8).max(1024).optional(),
    value: 'password',
    help: "opens the node's wallet at the start; creates it when there is none",
    secret: true,
  },
} satisfies Options;
