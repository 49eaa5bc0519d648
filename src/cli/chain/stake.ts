import { Command } from 'commander';
import { type Options, type OptionValues, z } from '#base';
import type { PaymentReceipt } from '#node';
import { PASSWORD_FILE } from '../common-options.ts';
import { formatAmount, parseAmount } from '../wallet/amounts.ts';
import { walletPassword } from '../wallet/secrets.ts';
import { askNode, type NodeFlags, nodeCommand, print, printJson } from './api.ts';

const STAKE_FLAGS = { passwordFile: PASSWORD_FILE } satisfies Options;

const BOND_FLAGS = {
  commission: {
    schema: z.number().min(0).max(100).default(10),
    value: 'percent',
    unit: 'percent',
    help: "share of delegators' rewards that the validator keeps",
  },
  ...STAKE_FLAGS,
} satisfies Options;

type StakeFlags = NodeFlags & OptionValues<typeof STAKE_FLAGS>;

const stakeCommand = (name: string, description: string, options: Options = STAKE_FLAGS) =>
  nodeCommand(name, description, options);

const bondCommand = stakeCommand('bond', "bond coins of the node's wallet, or add to the bond", BOND_FLAGS)
  .argument('<amount>', 'in TORCH')
  .action(async (amount: string, flags: StakeFlags & OptionValues<typeof BOND_FLAGS>) => {
    const commission = flags.commission / 100;
    await send('bond', flags, { amount: `${parseAmount(amount)}`, commission });
  });

const unbondCommand = stakeCommand(
  'unbond',
  'withdraw the bond; it is paid to the wallet after the unbonding time',
)
  .argument('[amount]', 'in TORCH; default: all of it')
  .action((amount: string | undefined, flags: StakeFlags) =>
    send('unbond', flags, amount === undefined ? {} : { amount: `${parseAmount(amount)}` }),
  );

const unjailCommand = stakeCommand('unjail', 'unjail the validator').action((flags: StakeFlags) =>
  send('unjail', flags, {}),
);

async function send(what: string, flags: StakeFlags, request: Record<string, unknown>): Promise<void> {
  const password = await walletPassword(flags.passwordFile);
  sent(flags, await askNode(flags, `/api/stake/${what}`, { body: { ...request, password } }));
}

function sent(flags: NodeFlags, receipt: PaymentReceipt): void {
  if (flags.json) {
    printJson(receipt);
    return;
  }
  print(`sent      ${receipt.id}`);
  print(`fee       ${formatAmount(BigInt(receipt.fee))}`);
}

/** `bitorch stake`. */
export const stakeCommands = new Command('stake')
  .description("manage the node's bond, which gives it voting power and is slashed if it signs twice")
  .addCommand(bondCommand)
  .addCommand(unbondCommand)
  .addCommand(unjailCommand);

/** `bitorch faucet`. */
export const faucetCommand = nodeCommand('faucet', 'request coins on a test network')
  .argument('[address]', "receiving address; default: the node's own wallet")
  .action(async (address: string | undefined, flags: NodeFlags) => {
    const receipt = await askNode<PaymentReceipt>(flags, '/api/wallet/faucet', {
      body: address ? { address } : {},
    });
    if (flags.json) return printJson(receipt);
    print(`sent      ${receipt.id}`);
  });
