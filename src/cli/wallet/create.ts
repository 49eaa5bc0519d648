import { BitorchError } from '#base';
import type { OpenWallet } from '#ledger';
import { longSecret } from './secrets.ts';
import {
  count,
  networkOf,
  networkText,
  newWalletOf,
  print,
  type WalletFlags,
  walletCommand,
} from './session.ts';

/** Words of a wallet. */
const WORDS = 24;

type NewFlags = WalletFlags & { network?: string };

const NETWORK = [
  '--network <id>',
  'network id, 8 hexadecimal digits; default: that of the running node',
] as const;

function announce(wallet: OpenWallet): void {
  print(`wallet   ${wallet.path}`);
  print(`network  ${networkText(wallet)}`);
  if (wallet.network) print(`address  ${wallet.addresses[0]!.address}`);
}

export const createCommand = walletCommand('create', 'create a new wallet')
  .option(...NETWORK)
  .action(async (flags: NewFlags) => {
    const { OpenWallet } = await import('#ledger');
    const { tip: _, ...network } = await networkOf(flags);
    const wallet = await OpenWallet.create(await newWalletOf(flags), network);
    announce(wallet);
    print('\nWrite these 24 words down on paper. Anyone who has them can spend the money;');
    print('without them it is lost if you lose this file or its password.\n');
    print(inColumns(wallet.words));
    await wallet.close();
  });

export const restoreCommand = walletCommand('restore', 'restore a wallet from its 24 words')
  .option(...NETWORK)
  .option('--words-file <file>', 'file with the words; default: the terminal or stdin')
  .option('--height <n>', 'skip blocks before this one; the wallet must not have been used before it', '0')
  .action(async (flags: NewFlags & { wordsFile?: string; height: string }) => {
    const { countWords, OpenWallet } = await import('#ledger');
    const restoreHeight = count('--height', flags.height);
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

export const watchCommand = walletCommand('watch', 'create a view-only wallet from a view key')
  .option('--view-key-file <file>', 'file with the key; default: the terminal or stdin')
  .action(async (flags: WalletFlags & { viewKeyFile?: string }) => {
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
