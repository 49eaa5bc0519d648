import { inColumns } from './create.ts';
import { newPassword } from './secrets.ts';
import { print, type WalletFlags, walletCommand, withWallet } from './session.ts';

export const wordsCommand = walletCommand('words', 'show the 24 backup words')
  .option('--plain', 'on one line')
  .action((flags: WalletFlags & { plain?: boolean }) =>
    withWallet(flags, async ({ words }) => print(flags.plain ? words : inColumns(words))),
  );

export const exportViewKeyCommand = walletCommand(
  'export-view-key',
  'show the view key: anyone who has it can see all incoming payments, permanently, but cannot spend',
).action((flags: WalletFlags) => withWallet(flags, async ({ viewKey }) => print(viewKey)));

export const changePasswordCommand = walletCommand(
  'change-password',
  'encrypt the file with another password',
)
  .option('--new-password-file <file>', 'file whose first line is the new password')
  .action((flags: WalletFlags & { newPasswordFile?: string }) =>
    withWallet(flags, async (wallet) => {
      await wallet.changePassword(await newPassword(flags.newPasswordFile));
      print(`${wallet.path} now has the new password`);
    }),
  );
