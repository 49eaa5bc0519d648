import { Command } from 'commander';
import type { ChainView, StakeView } from '#node';
import { formatAmount } from '../wallet/amounts.ts';
import { askNode, type NodeFlags, nodeCommand, print, printJson } from './api.ts';

const statusCommand = nodeCommand('status', 'its key, bond, power and signatures').action(
  async (flags: NodeFlags) => {
    const stake = await askNode<StakeView>(flags, '/api/stake');
    const { validators } = await askNode<ChainView>(flags, '/api/chain');
    const own = validators.find(({ key }) => key === stake.validator);
    if (flags.json) return printJson({ ...stake, ...own });
    print(`key         ${stake.validator}`);
    print(
      `bond        ${formatAmount(BigInt(stake.own))} of ${formatAmount(BigInt(stake.pool))} in its pool`,
    );
    print(`commission  ${(100 * stake.commission).toFixed(1)} %`);
    print(
      `power       ${own ? `${own.power}, ${(100 * own.share).toFixed(1)} %` : 'none: it is not bonded'}`,
    );
    print(`signed      ${own?.signed ?? 0} of the last 100 blocks`);
    print(`state       ${stateOf(stake, own?.active === true)}`);
  },
);

function stateOf({ tombstoned, jailedUntil }: StakeView, active: boolean): string {
  if (tombstoned) return 'out for ever: it signed twice';
  if (jailedUntil > 0) return `jailed until height ${jailedUntil}: then "bitorch stake unjail"`;
  return active ? 'active' : 'not voting';
}

/** `bitorch validator`. */
export const validatorCommands = new Command('validator')
  .description("this node's validator")
  .addCommand(statusCommand);
