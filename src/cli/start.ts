import { join } from 'node:path';
import { Command, Option } from 'commander';
import { BitorchError, codeOf, dataDirectory, Lifecycle, messageOf, readTextFile } from '#base';
import { exitCodeOf, onStopSignal, printError } from './exit.ts';
import { explain } from './explain.ts';
import { type Settings, tell } from './node-message.ts';
import { optionProblem } from './option-problem.ts';
import { givenWalletPassword } from './wallet/secrets.ts';

const list = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
const whole = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new BitorchError('OPTION_INVALID', `${text} is not a whole number`);
  return Number(text);
};
const trusted = (text: string): 'none' | string[] => (text === 'none' ? 'none' : list(text));
const blockRange = (text: string): [number, number] => {
  const [, first, last] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  if (last === undefined)
    throw new BitorchError('OPTION_INVALID', `--blocks ${text}: write it as first-last, such as 0-9`);
  return [Number(first), Number(last) + 1];
};

const option = (flags: string, text: string, parse: (value: string) => unknown = String): Option => {
  const made = new Option(flags, text).argParser(parse);
  return made.env(`BITORCH_${made.attributeName().replace(/[A-Z]/g, '_$&').toUpperCase()}`);
};

/** `bitorch start`: one node, in the foreground. */
export const startCommand = new Command('start')
  .description('run one node')
  .addOption(option('--home <folder>', 'data directory'))
  .addOption(option('--name <name>', 'name shown to other nodes'))
  .addOption(option('--roles <list>', 'seed, run, audit, client, validate, security', list).default(['seed']))
  .addOption(option('--listen <multiaddrs>', 'peer-to-peer listen addresses', list))
  .addOption(option('--link-port <port>', 'TCP port of direct links between stages; 0 = any', whole))
  .addOption(option('--bootstrap <multiaddrs>', 'nodes through which to join the network', list))
  .addOption(option('--trackers <urls>', 'announce URLs of HTTP trackers', list))
  .addOption(option('--tracker-port <port>', 'run an HTTP tracker on this port', whole))
  .addOption(
    option('--swarm-host <host>', 'host at which BitTorrent peers reach this node').default('127.0.0.1'),
  )
  .addOption(option('--swarm-port <port>', 'BitTorrent port; 0 = any', whole).default(0))
  .addOption(option('--publish <source>', 'a model to publish: hf:…, pip:…, a folder, a .gguf file, default'))
  .addOption(option('--model <id>', 'manifest id of the model to seed, run or chat with'))
  .addOption(option('--blocks <first-last>', 'blocks to run; all when absent', blockRange))
  .addOption(option('--threads <n>', 'compute threads', whole))
  .addOption(
    option(
      '--pin <core>',
      'pin each compute thread to its own core, starting with this one; for dedicated machines (Linux)',
      whole,
    ),
  )
  .addOption(option('--slots <n>', 'sessions served at once', whole))
  .addOption(option('--context <n>', 'maximum tokens of a session, prompt included', whole))
  .addOption(option('--system <text>', 'system message for conversations without one'))
  .addOption(option('--genesis <file>', 'genesis file of the chain to follow'))
  .addOption(
    option('--light', 'follow the chain by its headers from untrusted nodes, without storing blocks'),
  )
  .addOption(option('--trust <height:id>', 'a recent block confirmed by somebody you trust'))
  .addOption(
    option(
      '--chain-rest <ms>',
      'after 30 empty blocks, how long the next one waits for transactions; takes effect if all validators set it; at most 15000',
      whole,
    ),
  )
  .addOption(
    option(
      '--wallet-password-file <file>',
      "password file that opens the node's wallet; or set BITORCH_WALLET_PASSWORD",
    ),
  )
  .addOption(
    option(
      '--security-authorities <ids>',
      'peer ids of the security nodes that you trust to clear models, or "none"',
      trusted,
    ),
  )
  .addOption(
    option(
      '--unproven <what>',
      'state of models that a security node without a sandbox found clean; default: pending',
    ).choices(['pending', 'cleared']),
  )
  .addOption(
    option('--ruleset-keys <keys>', 'additional public keys that may sign rulesets, hexadecimal', list),
  )
  .addOption(
    option(
      '--ruleset-updates <how>',
      'auto: install newer signed rulesets from other nodes; manual: only report them',
    ).choices(['manual', 'auto']),
  )
  .addOption(
    option(
      '--examination-bytes <bytes>',
      'disk space for models under examination; for the role security',
      whole,
    ),
  )
  .addOption(option('--clamd <address>', 'socket or host:port of clamd; for the role security'))
  .addOption(
    new Option('--hub <url>', 'Hugging Face Hub to use instead of the public one').env('HF_ENDPOINT'),
  )
  .addOption(option('--cache <folder>', 'folder for fetched model sources'))
  .addOption(option('--http-host <host>', 'listen address of the page and the API').default('127.0.0.1'))
  .addOption(
    option(
      '--http-allow-host <names>',
      'additional host names under which the page and the API may be reached, such as host.docker.internal',
      list,
    ),
  )
  .addOption(option('--port <port>', 'port of the page and the API; 0 = any', whole).default(0))
  .action(async (flags: Record<string, unknown>, command: Command) => {
    const lifecycle = new Lifecycle();
    let stopping = false;
    const stop = () => {
      stopping = true;
      lifecycle.stop().then(
        () => process.exit(),
        (error) => fail(error),
      );
    };
    onStopSignal(stop);
    try {
      // Loaded only here, so that other commands and --help start faster.
      const { runNode } = await import('./run-node.ts');
      await runNode(await settingsFrom(flags, command), lifecycle);
    } catch (thrown) {
      if (stopping) return;
      const error = optionProblem(thrown);
      const { code, message } = explain(error);
      tell({ type: 'failed', code, message });
      await lifecycle.stop().catch(() => undefined);
      fail(error);
    }
  });

/** Merges flags, BITORCH_* variables and config.json in the data directory; the former take precedence. */
async function settingsFrom(flags: Record<string, unknown>, command: Command): Promise<Settings> {
  const home = (flags.home as string | undefined) ?? dataDirectory();
  const set = Object.entries(flags).filter(([name]) => command.getOptionValueSource(name) !== 'default');
  const merged = { ...flags, ...(await readConfig(home)), ...Object.fromEntries(set), home };
  const {
    swarmHost: host,
    swarmPort,
    walletPasswordFile,
    ...settings
  } = merged as Settings & { swarmHost: string; swarmPort: number; walletPasswordFile?: string };
  const walletPassword = await givenWalletPassword(walletPasswordFile);
  return { ...settings, ...(walletPassword && { walletPassword }), swarm: { host, port: swarmPort } };
}

async function readConfig(home: string): Promise<Record<string, unknown>> {
  const path = join(home, 'config.json');
  try {
    return JSON.parse(await readTextFile(path));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return {};
    throw new BitorchError('CONFIG_INVALID', `${path} cannot be read: ${messageOf(error)}`);
  }
}

function fail(error: unknown): never {
  printError(error);
  process.exit(exitCodeOf(error));
}
