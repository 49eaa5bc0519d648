import { type Options, type OptionValues, toHex } from '#base';
import type { HistoryEntry, OpenWallet } from '#ledger';
import type { WalletView } from '#node';
import { JSON_OUTPUT } from '../common-options.ts';
import { formatAmount } from './amounts.ts';
import {
  networkText,
  pathOf,
  print,
  printJson,
  scan,
  scanIfPossible,
  type WalletFlags,
  walletCommand,
  withChain,
  withWallet,
} from './session.ts';

const JSON_FLAGS = {
  json: { ...JSON_OUTPUT, help: 'output JSON, in sparks (1 TORCH = 10^9 sparks)' },
} satisfies Options;

type JsonFlags = WalletFlags & OptionValues<typeof JSON_FLAGS>;

export const infoCommand = walletCommand('info', 'balance, address and last scanned block', JSON_FLAGS)
  .alias('balance')
  .action((flags: JsonFlags) =>
    withWallet(
      flags,
      (wallet) => info(wallet, flags),
      (view) => nodeInfo(view, flags),
    ),
  );

async function info(wallet: OpenWallet, flags: JsonFlags): Promise<void> {
  await scanIfPossible(wallet, flags);
  const { balance, height, network, viewOnly, path } = wallet;
  const address = network && wallet.addresses[0]!.address;
  if (flags.json) {
    printJson({ ...balance, height, network, viewOnly, address, path });
    return;
  }
  print(`unlocked  ${formatAmount(balance.unlocked)}`);
  print(`locked    ${formatAmount(balance.locked)}`);
  if (address) print(`address   ${address}`);
  print(`network   ${networkText(wallet)}`);
  print(`block     ${height}`);
  if (viewOnly) print('view-only wallet: spending is not visible, so the balance may be lower');
}

/** Like {@link info}, for a wallet that the running node has open. */
function nodeInfo({ balance, address, height }: WalletView, flags: JsonFlags): void {
  const { spendable = '0', locked = '0' } = balance ?? {};
  if (flags.json) {
    printJson({ unlocked: spendable, locked, height, address, path: pathOf(flags) });
    return;
  }
  print(`unlocked  ${formatAmount(BigInt(spendable))}`);
  print(`locked    ${formatAmount(BigInt(locked))}`);
  if (address) print(`address   ${address}`);
  print(`block     ${height}`);
}

export const historyCommand = walletCommand(
  'history',
  'incoming and outgoing payments, newest last',
  JSON_FLAGS,
).action((flags: JsonFlags) =>
  withWallet(flags, async (wallet) => {
    await scanIfPossible(wallet, flags);
    if (flags.json) printJson(wallet.history);
    else for (const entry of wallet.history) print(lineOf(entry, wallet.addresses));
  }),
);

export const rescanCommand = walletCommand(
  'rescan',
  "scan everything again, on the connected node's network",
).action((flags: WalletFlags) =>
  withWallet(flags, async (wallet) => {
    await withChain(flags, (chain) => scan(wallet, chain, { anew: true }));
    print(`scanned to block ${wallet.height} of ${networkText(wallet)}`);
  }),
);

function lineOf(entry: HistoryEntry, addresses: readonly { label: string }[]): string {
  const { kind, height, change, subaddress = 0 } = entry;
  const place = height > 0 || kind === 'received' || kind === 'minted' ? `block ${height}` : 'not in a block';
  const detail = entry.id
    ? `transfer ${toHex(entry.id)}, fee ${formatAmount(entry.fee ?? 0n)}`
    : entry.output === undefined
      ? 'by another copy of this wallet'
      : `output ${entry.output}${subaddress > 0 ? `, address ${subaddress} ${addresses[subaddress]?.label}` : ''}`;
  return `${place.padEnd(14)} ${kind.padEnd(9)} ${formatAmount(change).padStart(24)}  ${detail.trimEnd()}`;
}
