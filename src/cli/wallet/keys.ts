import { inColumns } from './create.ts';
import { newPassword } from './secrets.ts';
import { print, type WalletFlags, walletCommand, withWallet } from './session.ts';

export const wordsCommand = walletCommand('words', 'show the 24 words, to be written down')
  .option('--plain', 'on one line')
  .action((flags: WalletFlags & { plain?: boolean }) =>
    withWallet(flags, async ({ words }) => print(flags.plain ? words : inColumns(words))),
  );

export const exportViewKeyCommand = walletCommand(
  'export-view-key',
  'show the view key: whoever has it sees all that comes in, for ever, and can spend nothing',
).action((flags: WalletFlags) => withWallet(flags, async ({ viewKey }) => print(viewKey)));

export const changePasswordCommand = walletCommand(
  'change-password',
  'encrypt the file with another password',
)
  .option('--new-password-file <file>', 'file whose first line is the new password')
  .action((flags: WalletFlags & { newPasswordFile?: string }) =>
    withWallet(flags, async (wallet) => {
      await wallet.changePassword(await newPassword(flags.newPasswordFile));
      print(`${wallet.path} has its new password`);
    }),
  );
