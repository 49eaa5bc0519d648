import { Command } from 'commander';
import type { Options, OptionValues } from '#base';
import { JSON_OUTPUT } from '../common-options.ts';
import { count, print, printJson, type WalletFlags, walletCommand, withWallet } from './session.ts';

const LIST_FLAGS = { json: JSON_OUTPUT } satisfies Options;

const listCommand = walletCommand('list', 'list all addresses', LIST_FLAGS).action(
  (flags: WalletFlags & OptionValues<typeof LIST_FLAGS>) =>
    withWallet(flags, async ({ addresses }) => {
      if (flags.json) printJson(addresses);
      else
        for (const { index, label, address } of addresses)
          print(`${`${index}`.padStart(4)}  ${address}  ${label}`);
    }),
);

const newCommand = walletCommand(
  'new',
  'create an address; use one per payer, so that payers cannot link them',
)
  .argument('[label]', 'private label', '')
  .action((label: string, flags: WalletFlags) =>
    withWallet(flags, async (wallet) => {
      const made = await wallet.newAddress(label);
      print(made.address);
    }),
  );

const labelCommand = walletCommand('label', 'change the label of an address')
  .argument('<index>')
  .argument('<label>')
  .action((index: string, label: string, flags: WalletFlags) =>
    withWallet(flags, (wallet) => wallet.label(count('index', index), label)),
  );

export const addressCommand = new Command('address')
  .description('receiving addresses')
  .addCommand(listCommand, { isDefault: true })
  .addCommand(newCommand)
  .addCommand(labelCommand);
