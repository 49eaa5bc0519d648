import { BitorchError, type Options, type OptionValues, z, zCount } from '#base';
import type { OpenWallet } from '#ledger';
import { zFile } from '../common-options.ts';
import { longSecret } from './secrets.ts';
import { networkOf, networkText, newWalletOf, print, type WalletFlags, walletCommand } from './session.ts';

/** Words of a wallet. */
const WORDS = 24;

const NEW_FLAGS = {
  network: {
    schema: z
      .string()
      .regex(/^[0-9a-f]{8}$/i, 'must be its 8 hexadecimal digits')
      .optional(),
    value: 'id',
    help: 'network id, 8 hexadecimal digits; default: that of the running node',
  },
} satisfies Options;

const RESTORE_FLAGS = {
  ...NEW_FLAGS,
  wordsFile: {
    schema: zFile.optional(),
    value: 'file',
    help: 'file with the words; default: the terminal or stdin',
  },
  height: {
    schema: zCount.default(0),
    value: 'n',
    help: 'skip blocks before this one; the wallet must not have been used before it',
  },
} satisfies Options;

const WATCH_FLAGS = {
  viewKeyFile: {
    schema: zFile.optional(),
    value: 'file',
    help: 'file with the key; default: the terminal or stdin',
  },
} satisfies Options;

function announce(wallet: OpenWallet): void {
  print(`wallet   ${wallet.path}`);
  print(`network  ${networkText(wallet)}`);
  if (wallet.network) print(`address  ${wallet.addresses[0]!.address}`);
}

export const createCommand = walletCommand('create', 'create a new wallet', NEW_FLAGS).action(
  async (flags: WalletFlags & OptionValues<typeof NEW_FLAGS>) => {
    const { OpenWallet } = await import('#ledger');
    const { tip: _, ...network } = await networkOf(flags);
    const wallet = await OpenWallet.create(await newWalletOf(flags), network);
    announce(wallet);
    print('\nWrite these 24 words down on paper. Anyone who has them can spend the money;');
    print('without them it is lost if you lose this file or its password.\n');
    print(inColumns(wallet.words));
    await wallet.close();
  },
);

export const restoreCommand = walletCommand(
  'restore',
  'restore a wallet from its 24 words',
  RESTORE_FLAGS,
).action(async (flags: WalletFlags & OptionValues<typeof RESTORE_FLAGS>) => {
  const { countWords, OpenWallet } = await import('#ledger');
  const { height: restoreHeight } = flags;
  const { tip, ...network } = await networkOf(flags);
  if (tip !== undefined && restoreHeight > tip)
    throw new BitorchError(
      'HEIGHT_BEYOND',
      `--height ${restoreHeight}: the chain is only at block ${tip}; omit --height to scan everything`,
    );
  // Asked before the words, so that an extra pasted line is not taken for the password.
  const file = await newWalletOf(flags);
  const words = await longSecret('The 24 words', flags.wordsFile, (given) => {
    const found = countWords(given);
    return found < WORDS ? `${found} of ${WORDS} words, continue: ` : undefined;
  });
  const wallet = await OpenWallet.restore(file, words, { ...network, restoreHeight });
  announce(wallet);
  await wallet.close();
});

export const watchCommand = walletCommand(
  'watch',
  'create a view-only wallet from a view key',
  WATCH_FLAGS,
).action(async (flags: WalletFlags & OptionValues<typeof WATCH_FLAGS>) => {
  const { OpenWallet } = await import('#ledger');
  const viewKey = await longSecret('The view key', flags.viewKeyFile);
  const wallet = await OpenWallet.watch(await newWalletOf(flags), viewKey);
  announce(wallet);
  await wallet.close();
});

/** Numbers the words, six per line. */
export function inColumns(words: string): string {
  const numbered = words.split(' ').map((word, i) => `${`${i + 1}`.padStart(2)} ${word.padEnd(9)}`);
  const lines = Array.from({ length: 4 }, (_, row) => numbered.slice(6 * row, 6 * row + 6).join(' '));
  return lines.map((line) => `  ${line.trimEnd()}`).join('\n');
}
