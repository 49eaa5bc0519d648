import { BitorchError } from '#base';
import type { OpenWallet } from '#node';
import { longSecret } from './secrets.ts';
import {
  count,
  loadNode,
  networkOf,
  networkText,
  newWalletOf,
  print,
  type WalletFlags,
  walletCommand,
} from './session.ts';

/** Of a wallet. */
const WORDS = 24;

type NewFlags = WalletFlags & { network?: string };

const NETWORK = ['--network <id>', '8 hexadecimal digits, its chain id; that of the running node'] as const;

function announce(wallet: OpenWallet): void {
  print(`wallet   ${wallet.path}`);
  print(`network  ${networkText(wallet)}`);
  if (wallet.network) print(`address  ${wallet.addresses[0]!.address}`);
}

export const createCommand = walletCommand('create', 'make a new wallet')
  .option(...NETWORK)
  .action(async (flags: NewFlags) => {
    const { OpenWallet } = await loadNode();
    const { tip: _, ...network } = await networkOf(flags);
    const wallet = await OpenWallet.create(await newWalletOf(flags), network);
    announce(wallet);
    print('\nWrite these 24 words down, on paper. They are the wallet: whoever has them has the money,');
    print('and without them it is gone when this file or its password is.\n');
    print(inColumns(wallet.words));
    await wallet.close();
  });

export const restoreCommand = walletCommand('restore', 'make a wallet out of its 24 words')
  .option(...NETWORK)
  .option('--words-file <file>', 'file with the words; asked for, or read from stdin, when absent')
  .option('--height <n>', 'block before which the wallet surely was not used', '0')
  .action(async (flags: NewFlags & { wordsFile?: string; height: string }) => {
    const { countWords, OpenWallet } = await loadNode();
    const restoreHeight = count('--height', flags.height);
    const { tip, ...network } = await networkOf(flags);
    if (tip !== undefined && restoreHeight > tip)
      throw new BitorchError(
        'HEIGHT_BEYOND',
        `--height ${restoreHeight}: the chain is at block ${tip} only; leave it out to look at everything`,
      );
    // Before the words: a line too many of a paste is no password.
    const file = await newWalletOf(flags);
    const words = await longSecret('The 24 words', flags.wordsFile, (given) => {
      const found = countWords(given);
      return found < WORDS ? `${found} of ${WORDS}, go on: ` : undefined;
    });
    const wallet = await OpenWallet.restore(file, words, { ...network, restoreHeight });
    announce(wallet);
    await wallet.close();
  });

export const watchCommand = walletCommand(
  'watch',
  'make a view-only wallet out of a view key: sees, cannot spend',
)
  .option('--view-key-file <file>', 'file with the key; asked for, or read from stdin, when absent')
  .action(async (flags: WalletFlags & { viewKeyFile?: string }) => {
    const { OpenWallet } = await loadNode();
    const viewKey = await longSecret('The view key', flags.viewKeyFile);
    const wallet = await OpenWallet.watch(await newWalletOf(flags), viewKey);
    announce(wallet);
    await wallet.close();
  });

/** Numbered, six a line. */
export function inColumns(words: string): string {
  const numbered = words.split(' ').map((word, i) => `${`${i + 1}`.padStart(2)} ${word.padEnd(9)}`);
  const lines = Array.from({ length: 4 }, (_, row) => numbered.slice(6 * row, 6 * row + 6).join(' '));
  return lines.map((line) => `  ${line.trimEnd()}`).join('\n');
}
