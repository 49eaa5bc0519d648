import { join } from 'node:path';
import type { Command } from 'commander';
import {
  BitorchError,
  codeOf,
  equalBytes,
  fromHex,
  messageOf,
  type Options,
  type OptionValues,
  readTextFile,
  toHex,
  z,
} from '#base';
import type { NewWallet, OpenWallet, WalletChain } from '#ledger';
import type { ApiAddress, WalletView } from '#node';
import { NODE_OPTIONS } from '#node/options';
import { askNode, withHint } from '../chain/api.ts';
import { HOME, PASSWORD_FILE, zFile } from '../common-options.ts';
import { onStopSignal } from '../exit.ts';
import { commandOf } from '../flags.ts';
import { ProgressBoard } from '../progress.ts';
import type { RemoteChain } from './remote-chain.ts';
import { walletPassword } from './secrets.ts';

/** Options of every wallet command. */
const WALLET_FLAGS = {
  wallet: {
    schema: zFile.optional(),
    value: 'file',
    help: 'wallet file; default: "wallet" in the data directory',
    variable: 'BITORCH_WALLET',
  },
  home: HOME,
  node: {
    schema: z.string().min(1).optional(),
    value: 'address',
    help: 'API URL of your own node, or multiaddrs of nodes that need not be trusted; default: the node of the data directory',
    variable: 'BITORCH_NODE',
  },
  genesis: {
    schema: zFile.optional(),
    value: 'file',
    help: 'genesis file of the network; required with untrusted nodes',
    variable: 'BITORCH_GENESIS',
  },
  trust: { ...NODE_OPTIONS.trust, variable: 'BITORCH_TRUST' },
  passwordFile: PASSWORD_FILE,
} satisfies Options;

export type WalletFlags = OptionValues<typeof WALLET_FLAGS>;

/** A wallet command; `options`: those of its own. */
export const walletCommand = (name: string, description: string, options: Options = {}): Command =>
  commandOf(name, description, { ...options, ...WALLET_FLAGS });

export const pathOf = ({ wallet, home }: WalletFlags): string => wallet ?? join(home, 'wallet');

/** Path and password of a new wallet; the password is asked for twice. */
export const newWalletOf = async (flags: WalletFlags): Promise<NewWallet> => ({
  path: pathOf(flags),
  password: await walletPassword(flags.passwordFile, { twice: true }),
});

/**
 * Opens the wallet, runs `work`, and closes it. If the node of the data directory has the wallet open, `atNode` runs with the
 * view from its API instead. Throws WALLET_IN_USE when there is no `atNode`.
 */
export async function withWallet<T>(
  flags: WalletFlags,
  work: (wallet: OpenWallet) => Promise<T>,
  atNode?: (view: WalletView) => T,
): Promise<T> {
  // Loaded on demand, which keeps --help fast.
  const { OpenWallet } = await import('#ledger');
  const password = await walletPassword(flags.passwordFile);
  let wallet: OpenWallet;
  try {
    wallet = await OpenWallet.open({ path: pathOf(flags), password });
  } catch (error) {
    const api = codeOf(error) === 'WALLET_IN_USE' ? await holderOf(flags) : undefined;
    if (!api) throw error;
    if (!atNode) throw inUse(flags, api);
    const body = { password };
    return atNode(await askNode<WalletView>({ home: flags.home }, '/api/wallet/unlock', { body }));
  }
  try {
    return await work(wallet);
  } finally {
    await wallet.close();
  }
}

/** The API of the running node that has the wallet open, if any. */
async function holderOf(flags: WalletFlags): Promise<ApiAddress | undefined> {
  if (pathOf(flags) !== join(flags.home, 'wallet')) return undefined;
  const { runningApi } = await import('#node');
  return runningApi(flags.home).catch(() => undefined);
}

const inUse = (flags: WalletFlags, { url }: ApiAddress): BitorchError =>
  new BitorchError(
    'WALLET_IN_USE',
    `${pathOf(flags)} is open in the node at ${url}: use the wallet on its page, or over its API ` +
      `(POST /api/wallet/send, GET /api/wallet/history, …), or stop the node first`,
  );

/**
 * Runs `work` with a connection to the chain: through the user's own node, or with multiaddrs through any nodes, whose answers
 * are verified. Throws NODE_MISSING when no node runs, NO_CHAIN when it follows no chain.
 */
export async function withChain<T>(flags: WalletFlags, work: (chain: WalletChain) => Promise<T>): Promise<T> {
  const { chain, stop } = await chainOf(flags);
  try {
    return await work(chain);
  } finally {
    await stop();
  }
}

async function chainOf(flags: WalletFlags): Promise<RemoteChain> {
  const { node, genesis, trust } = flags;
  if (!node?.startsWith('/')) {
    const { httpChain } = await import('./http-chain.ts');
    return { chain: httpChain(await apiOf(flags)), stop: async () => undefined };
  }
  if (!genesis) {
    throw new BitorchError(
      'GENESIS_MISSING',
      "to use other people's nodes, pass the genesis file of the network with --genesis: answers are verified against it",
    );
  }
  const { openRemoteChain } = await import('./remote-chain.ts');
  const contacts = node.split(',').map((contact) => contact.trim());
  return openRemoteChain({ home: join(flags.home, 'light'), genesis, contacts, trust });
}

async function apiOf(flags: WalletFlags): Promise<ApiAddress> {
  const { provenApi, runningApi } = await import('#node');
  const home = flags.home;
  if (flags.node !== undefined) return provenApi({ url: apiUrl(flags.node), token: await tokenIn(home) });
  try {
    return await runningApi(home);
  } catch (error) {
    // Otherwise the user's node of a running devnet, if there is one.
    return runningApi(join(home, 'devnet', 'you')).catch(() => {
      throw withHint(error, 'or specify one with --node');
    });
  }
}

/** Throws OPTION_INVALID when `node` is not an HTTP URL. */
function apiUrl(node: string): string {
  if (!URL.canParse(node) || !/^https?:/.test(node))
    throw new BitorchError(
      'OPTION_INVALID',
      `--node ${node}: write a URL such as http://127.0.0.1:7777, or multiaddrs`,
    );
  return node.replace(/\/+$/, '');
}

async function tokenIn(home: string): Promise<string> {
  const given = process.env.BITORCH_API_TOKEN;
  if (given) return given;
  return readTextFile(join(home, 'api.token')).then(
    (token) => token.trim(),
    () => {
      throw new BitorchError(
        'SECRET_MISSING',
        'set BITORCH_API_TOKEN to the token that the node prints when it starts',
      );
    },
  );
}

/** Scans the chain into the wallet, with a progress bar. Ctrl-C stops it and keeps what was scanned. Throws INTERRUPTED then. */
export async function scan(wallet: OpenWallet, chain: WalletChain, { anew = false } = {}): Promise<void> {
  const stop = new AbortController();
  onStopSignal(() => stop.abort());
  const board = new ProgressBoard(process.stderr);
  try {
    await wallet.scan(chain, {
      anew,
      signal: stop.signal,
      onProgress: ({ done, total }) => {
        if (total > 2_000) board.update('wallet', { step: 'scanning', done, total, unit: 'outputs' });
      },
    });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    throw new BitorchError('INTERRUPTED', 'stopped; the next scan continues from here');
  } finally {
    board.close();
  }
}

/** Codes that mean the chain cannot be reached, while the wallet itself is fine. */
const CHAIN_UNAVAILABLE = new Set([
  'NODE_MISSING',
  'NO_CHAIN',
  'CHAIN_STALE',
  'CHAIN_BEHIND',
  'PEER_UNREACHABLE',
  'STREAM_CLOSED',
]);

/** Scans if a node can be reached; otherwise warns and continues with the wallet's last state. */
export async function scanIfPossible(wallet: OpenWallet, flags: WalletFlags): Promise<void> {
  try {
    await withChain(flags, (chain) => scan(wallet, chain));
  } catch (error) {
    if (!CHAIN_UNAVAILABLE.has(codeOf(error))) throw error;
    process.stderr.write(`${messageOf(error)}\nShowing the state of the wallet at block ${wallet.height}.\n`);
  }
}

/** The network of a new wallet: the one in the flags, that of the running node, or none yet; and its last block. */
export async function networkOf(
  flags: WalletFlags & { network?: string | undefined },
): Promise<{ network?: Uint8Array; tip?: number }> {
  const named = flags.network === undefined ? undefined : fromHex(flags.network);
  try {
    const { height: tip, parameters } = await withChain(flags, (chain) => chain.status());
    const { network } = parameters;
    return named && !equalBytes(named, network) ? { network: named } : { network, tip };
  } catch {
    return named ? { network: named } : {};
  }
}

export const networkText = ({ network }: OpenWallet): string =>
  network ?? 'not set yet: taken from the first node that the wallet scans with';

/** Parses an argument as a non-negative whole number. Throws OPTION_INVALID when it is not one. */
export function count(name: string, text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw new BitorchError('OPTION_INVALID', `${name} ${text}: write a whole number`);
  return Number(text);
}

export const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** For scripts: amounts as texts of sparks, bytes as hexadecimal. */
export const printJson = (value: unknown): void =>
  print(
    JSON.stringify(
      value,
      (_, part) =>
        typeof part === 'bigint' ? part.toString() : part instanceof Uint8Array ? toHex(part) : part,
      2,
    ),
  );
