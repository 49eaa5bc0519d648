import { type Options, type OptionValues, z } from '#base';
import { zFile } from '../common-options.ts';
import { inColumns } from './create.ts';
import { newPassword } from './secrets.ts';
import { print, type WalletFlags, walletCommand, withWallet } from './session.ts';

const WORDS_FLAGS = {
  plain: { schema: z.boolean().default(false), help: 'on one line' },
} satisfies Options;

const CHANGE_FLAGS = {
  newPasswordFile: {
    schema: zFile.optional(),
    value: 'file',
    help: 'file whose first line is the new password',
  },
} satisfies Options;

export const wordsCommand = walletCommand('words', 'show the 24 backup words', WORDS_FLAGS).action(
  (flags: WalletFlags & OptionValues<typeof WORDS_FLAGS>) =>
    withWallet(flags, async ({ words }) => print(flags.plain ? words : inColumns(words))),
);

export const exportViewKeyCommand = walletCommand(
  'export-view-key',
  'show the view key: anyone who has it can see all incoming payments, permanently, but cannot spend',
).action((flags: WalletFlags) => withWallet(flags, async ({ viewKey }) => print(viewKey)));

export const changePasswordCommand = walletCommand(
  'change-password',
  'encrypt the file with another password',
  CHANGE_FLAGS,
).action((flags: WalletFlags & OptionValues<typeof CHANGE_FLAGS>) =>
  withWallet(flags, async (wallet) => {
    await wallet.changePassword(await newPassword(flags.newPasswordFile));
    print(`${wallet.path} now has the new password`);
  }),
);
