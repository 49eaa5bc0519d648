import { Command } from 'commander';
import { count, print, printJson, type WalletFlags, walletCommand, withWallet } from './session.ts';

const listCommand = walletCommand('list', 'all addresses made so far')
  .option('--json', 'for programs')
  .action((flags: WalletFlags & { json?: boolean }) =>
    withWallet(flags, async ({ addresses }) => {
      if (flags.json) printJson(addresses);
      else
        for (const { index, label, address } of addresses)
          print(`${`${index}`.padStart(4)}  ${address}  ${label}`);
    }),
  );

const newCommand = walletCommand('new', 'make an address: one for each payer keeps them from comparing')
  .argument('[label]', 'for yourself; nobody else sees it', '')
  .action((label: string, flags: WalletFlags) =>
    withWallet(flags, async (wallet) => {
      const made = await wallet.newAddress(label);
      print(made.address);
    }),
  );

const labelCommand = walletCommand('label', 'name an address anew')
  .argument('<index>')
  .argument('<label>')
  .action((index: string, label: string, flags: WalletFlags) =>
    withWallet(flags, (wallet) => wallet.label(count('index', index), label)),
  );

export const addressCommand = new Command('address')
  .description('addresses to be paid at')
  .addCommand(listCommand, { isDefault: true })
  .addCommand(newCommand)
  .addCommand(labelCommand);
