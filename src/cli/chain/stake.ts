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

const bondCommand = stakeCommand('bond', "bond money of the node's wallet, or add to the bond")
  .argument('<amount>', 'in TORCH')
  .option('--commission <percent>', 'of the rewards of others who delegate to it', '10')
  .action(async (amount: string, flags: StakeFlags & { commission: string }) => {
    const commission = Number(flags.commission) / 100;
    if (!(commission >= 0 && commission <= 1))
      throw new BitorchError('OPTION_INVALID', `--commission ${flags.commission}: write percent, 0 to 100`);
    await send('bond', flags, { amount: `${parseAmount(amount)}`, commission });
  });

const unbondCommand = stakeCommand(
  'unbond',
  'take the bond back; it comes to the wallet after the unbonding time',
)
  .argument('[amount]', 'in TORCH; all of it when absent')
  .action((amount: string | undefined, flags: StakeFlags) =>
    send('unbond', flags, amount === undefined ? {} : { amount: `${parseAmount(amount)}` }),
  );

const unjailCommand = stakeCommand('unjail', 'put a jailed validator back to work').action(
  (flags: StakeFlags) => send('unjail', flags, {}),
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
  .description('the bond of this node: what it votes with, and loses when it signs twice')
  .addCommand(bondCommand)
  .addCommand(unbondCommand)
  .addCommand(unjailCommand);

/** `bitorch faucet`. */
export const faucetCommand = nodeCommand('faucet', 'get money of a test network')
  .argument('[address]', "whose; the node's own wallet when absent")
  .action(async (address: string | undefined, flags: NodeFlags) => {
    const receipt = await askNode<PaymentReceipt>(flags, '/api/wallet/faucet', {
      body: address ? { address } : {},
    });
    if (flags.json) return printJson(receipt);
    print(`sent      ${receipt.id}`);
  });
