/** Options that several commands have. */
import { type Option, z } from '#base';
import { NODE_OPTIONS } from '#node/options';

export const zFile = z.string().min(1).max(4096);

export const HOME = NODE_OPTIONS.home;

export const JSON_OUTPUT = { schema: z.boolean().default(false), help: 'output JSON' } satisfies Option;

export const PASSWORD_FILE = {
  schema: zFile.optional(),
  value: 'file',
  help: 'file whose first line is the password of the wallet',
  variable: 'BITORCH_WALLET_PASSWORD_FILE',
} satisfies Option;
