import { Command } from 'commander';
import { dataDirectory, type Options, type OptionValues } from '#base';
import type { ChainView, StakeView } from '#node';
import { PASSWORD_FILE } from '../common-options.ts';
import { formatAmount } from '../wallet/amounts.ts';
import { walletPassword } from '../wallet/secrets.ts';
import { askNode, type NodeFlags, nodeCommand, print, printJson } from './api.ts';

const statusCommand = nodeCommand('status', 'show key, bond, power and signatures').action(
  async (flags: NodeFlags) => {
    const stake = await askNode<StakeView>(flags, '/api/stake');
    const { validators, problem } = await askNode<ChainView>(flags, '/api/chain');
    const own = validators.find(({ key }) => key === stake.validator);
    if (flags.json) return printJson({ ...stake, ...own });
    print(`key         ${stake.validator}`);
    print(
      `bond        ${formatAmount(BigInt(stake.own))} of ${formatAmount(BigInt(stake.pool))} in its pool`,
    );
    print(`commission  ${(100 * stake.commission).toFixed(1)} %`);
    print(`power       ${own ? `${own.power}, ${(100 * own.share).toFixed(1)} %` : 'none: not bonded'}`);
    print(`signed      ${own?.signed ?? 0} of the last 100 blocks`);
    print(`state       ${stateOf(stake, own?.active === true)}`);
    if (problem !== undefined) print(`\nWARNING: ${problem}`);
  },
);

function stateOf({ tombstoned, jailedUntil, missed, bonded }: StakeView, active: boolean): string {
  if (tombstoned) return 'removed permanently: it double-signed';
  if (jailedUntil > 0) return `jailed until height ${jailedUntil}: then "bitorch stake unjail"`;
  if (!bonded) return 'not bonded: "bitorch stake bond"';
  if (!active) return 'bonded; votes from two blocks after the bond';
  return missed > 0 ? `active; ${missed} more missed than signed blocks` : 'active';
}

const KEYS_FLAGS = { passwordFile: PASSWORD_FILE } satisfies Options;

const keysCommand = nodeCommand(
  'keys',
  'show the two public keys for "genesis make --validator"',
  KEYS_FLAGS,
).action(
  async ({ home = dataDirectory(), json, passwordFile }: NodeFlags & OptionValues<typeof KEYS_FLAGS>) => {
    const { validatorKeys } = await import('#node');
    const keys = await validatorKeys(home, await walletPassword(passwordFile));
    if (json) return printJson(keys);
    print(`${keys.validator},${keys.owner}`);
  },
);

/** `bitorch validator`. */
export const validatorCommands = new Command('validator')
  .description("this node's validator")
  .addCommand(statusCommand)
  .addCommand(keysCommand);
