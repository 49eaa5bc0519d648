import { type OptionGroup, optionsSchema, type z } from '#base';
import { CHAIN_OPTIONS } from './options/chain.ts';
import { HOME_OPTIONS } from './options/home.ts';
import { INFERENCE_OPTIONS } from './options/inference.ts';
import { LIMIT_OPTIONS } from './options/limits.ts';
import { MODEL_OPTIONS } from './options/models.ts';
import { NETWORK_OPTIONS } from './options/network.ts';
import { SECURITY_OPTIONS } from './options/security.ts';

export { LOG_OPTIONS, type LogRoom } from './options/log.ts';
export { zPort } from './options/network.ts';

/** The options of a node under the headings of --help and docs/options.md. */
export const NODE_OPTION_GROUPS: readonly OptionGroup[] = [
  { title: 'Node', options: HOME_OPTIONS },
  { title: 'Network', options: NETWORK_OPTIONS },
  { title: 'Models', options: MODEL_OPTIONS },
  { title: 'Limits', options: LIMIT_OPTIONS },
  { title: 'Inference', options: INFERENCE_OPTIONS },
  { title: 'Chain', options: CHAIN_OPTIONS },
  { title: 'Security', options: SECURITY_OPTIONS },
];

/** Every option of a node: flags, variables and config.json are merged into these. */
export const NODE_OPTIONS = {
  ...HOME_OPTIONS,
  ...NETWORK_OPTIONS,
  ...MODEL_OPTIONS,
  ...LIMIT_OPTIONS,
  ...INFERENCE_OPTIONS,
  ...CHAIN_OPTIONS,
  ...SECURITY_OPTIONS,
};

export const nodeOptionsSchema = optionsSchema(NODE_OPTIONS);

export type NodeOptions = z.infer<typeof nodeOptionsSchema>;
export type NodeSettings = z.input<typeof nodeOptionsSchema>;
