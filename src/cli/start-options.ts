import { type OptionGroup, type Options, type OptionValues, z } from '#base';
import { LOG_OPTIONS, NODE_OPTION_GROUPS, NODE_OPTIONS, type NodeOptions } from '#node/options';
import { HTTP_OPTIONS } from '#server/options';
import { zFile } from './common-options.ts';

const PASSWORD_FILE = {
  walletPasswordFile: {
    schema: zFile.optional(),
    value: 'file',
    help: "password file that opens the node's wallet; or set BITORCH_WALLET_PASSWORD",
  },
} satisfies Options;

const BROWSER = {
  browser: {
    schema: z.boolean().default(true),
    help: 'do not open the page in the browser of the desktop',
  },
} satisfies Options;

/** The options of `bitorch start`, under the headings of its help. */
export const START_GROUPS: readonly OptionGroup[] = [
  ...NODE_OPTION_GROUPS,
  { title: 'Chain', options: PASSWORD_FILE },
  { title: 'Page and API', options: { ...HTTP_OPTIONS, ...BROWSER } },
  { title: 'Log', options: LOG_OPTIONS },
];

/** The options of `bitorch start`: a node's, its server's, and the file that holds its wallet's password. */
export const START_OPTIONS = {
  ...NODE_OPTIONS,
  ...PASSWORD_FILE,
  ...HTTP_OPTIONS,
  ...BROWSER,
  ...LOG_OPTIONS,
};

/** Names of the options that have a flag. */
export type StartOption = Exclude<keyof typeof START_OPTIONS, 'walletPassword'>;

/** A node's options, those of its HTTP server, and what is logged. */
export type Settings = NodeOptions &
  OptionValues<typeof HTTP_OPTIONS & typeof BROWSER & typeof LOG_OPTIONS> & {
    /** Names of options that a flag or variable decides, whatever config.json says. */
    readonly fixed: readonly string[];
  };
