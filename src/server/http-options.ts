import { type Options, z } from '#base';

/** Where the page and the API listen. */
export const HTTP_OPTIONS = {
  httpHost: {
    schema: z.string().min(1).max(256).default('127.0.0.1'),
    value: 'host',
    help: 'listen address of the page and the API',
  },
  httpAllowHost: {
    schema: z.array(z.string().min(1).max(256)).max(64).default([]),
    value: 'names',
    help: 'additional host names under which the page and the API may be reached, such as host.docker.internal',
  },
  port: {
    schema: z.number().int().min(0).max(65_535).default(0),
    value: 'port',
    help: 'port of the page and the API; 0 = any',
  },
} satisfies Options;
