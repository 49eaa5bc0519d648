import { Command } from 'commander';
import { BitorchError } from '#base';
import type { PaymentReceipt } from '#node';
import { formatAmount, parseAmount } from '../wallet/amounts.ts';
import { walletPassword } from '../wallet/secrets.ts';
import { askNode, type NodeFlags, nodeCommand, print, printJson } from './api.ts';

type StakeFlags = NodeFlags & { passwordFile?: string };

const stakeCommand = (name: string, description: string) =>
  nodeCommand(name, description).option(
    '--password-file <file>',
    'file whose first line is the password of the wallet',
  );

const bondCommand = stakeCommand('bond', "bond coins of the node's wallet, or add to the bond")
  .argument('<amount>', 'in TORCH')
  .option('--commission <percent>', "share of delegators' rewards that the validator keeps", '10')
  .action(async (amount: string, flags: StakeFlags & { commission: string }) => {
    const commission = Number(flags.commission) / 100;
    if (!(commission >= 0 && commission <= 1))
      throw new BitorchError(
        'OPTION_INVALID',
        `--commission ${flags.commission}: must be a percentage from 0 to 100`,
      );
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
