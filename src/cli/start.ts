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
    throw new BitorchError('OPTION_INVALID', `--blocks ${text}: write it as first-last, like 0-9`);
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
  .addOption(option('--name <name>', 'what others see'))
  .addOption(option('--roles <list>', 'seed, run, audit, client, validate, security', list).default(['seed']))
  .addOption(option('--listen <multiaddrs>', 'where the peer-to-peer network reaches this node', list))
  .addOption(option('--link-port <port>', 'TCP port of direct links between stages; 0 = any', whole))
  .addOption(option('--bootstrap <multiaddrs>', 'nodes to join the network through', list))
  .addOption(option('--trackers <urls>', 'announce URLs of HTTP trackers', list))
  .addOption(option('--tracker-port <port>', 'run an HTTP tracker on this port', whole))
  .addOption(option('--swarm-host <host>', 'where BitTorrent peers reach this node').default('127.0.0.1'))
  .addOption(option('--swarm-port <port>', '0 = any', whole).default(0))
  .addOption(option('--publish <source>', 'a model to publish: hf:…, pip:…, a folder, a .gguf file, default'))
  .addOption(option('--model <id>', 'manifest id of the model to seed, run or chat with'))
  .addOption(option('--blocks <first-last>', 'blocks to run; all when absent', blockRange))
  .addOption(option('--threads <n>', 'threads for computing', whole))
  .addOption(
    option(
      '--pin <core>',
      'keep each of them on a core of its own, from this one on: for a machine that does little else (Linux)',
      whole,
    ),
  )
  .addOption(option('--slots <n>', 'sessions served at once', whole))
  .addOption(option('--context <n>', 'most positions of a session', whole))
  .addOption(option('--system <text>', 'system message for conversations that bring none'))
  .addOption(option('--genesis <file>', 'genesis file of the chain to follow'))
  .addOption(
    option(
      '--light',
      'keep no blocks: follow the chain by its headers, out of nodes that are believed nothing',
    ),
  )
  .addOption(option('--trust <height:id>', 'a block that somebody you trust vouches for'))
  .addOption(
    option(
      '--chain-rest <ms>',
      'after 30 blocks without a transaction the next one waits so long for some, if all validators say so; at most 15000',
      whole,
    ),
  )
  .addOption(
    option('--wallet-password-file <file>', "opens the node's wallet; so does BITORCH_WALLET_PASSWORD"),
  )
  .addOption(
    option(
      '--security-authorities <ids>',
      'peer ids of the security nodes whose word clears models; none',
      trusted,
    ),
  )
  .addOption(
    option(
      '--unproven <what>',
      'what models become that security nodes could not run, for lack of a sandbox; default pending',
    ).choices(['pending', 'cleared']),
  )
  .addOption(option('--ruleset-keys <keys>', 'public keys whose rulesets are taken too, hexadecimal', list))
  .addOption(
    option(
      '--ruleset-updates <how>',
      'auto: take newer signed rulesets from other nodes; else one is told',
    ).choices(['manual', 'auto']),
  )
  .addOption(
    option(
      '--examination-bytes <bytes>',
      'disk that models may take which are fetched to be examined, for the role security',
      whole,
    ),
  )
  .addOption(option('--clamd <address>', 'socket or host:port of clamd, for the role security'))
  .addOption(new Option('--hub <url>', 'another Hugging Face Hub than the public one').env('HF_ENDPOINT'))
  .addOption(option('--cache <folder>', 'folder for fetched model sources'))
  .addOption(option('--http-host <host>', 'where the page and the API listen').default('127.0.0.1'))
  .addOption(
    option(
      '--http-allow-host <names>',
      'host names that the page and the API answer to beside this machine’s own, like host.docker.internal',
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
      // Loaded here only: other commands and --help start faster without the node.
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

/** Flags and BITORCH_* variables over config.json in the data directory. */
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
