import { join } from 'node:path';
import { BitorchError, check, codeOf, Lifecycle, messageOf, parse, parseJson, readTextFile, z } from '#base';
import { exitCodeOf, onStopSignal, printError } from './exit.ts';
import { explain } from './explain.ts';
import { DeclaredCommand } from './flags.ts';
import { tell } from './node-message.ts';
import { type Settings, START_GROUPS, START_OPTIONS } from './start-options.ts';
import { givenWalletPassword } from './wallet/secrets.ts';

const VARIABLES = `
Every option may also be set by a variable (BITORCH_LINK_PORT for --link-port), or in config.json in the data directory
("linkPort"). docs/options.md lists them.`;

/** `bitorch start`: one node, in the foreground. */
export const startCommand = new DeclaredCommand('start', 'run one node', {
  groups: START_GROUPS,
  allVariables: true,
});

startCommand.addHelpText('after', VARIABLES).action(async () => {
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
    await runNode(await settings(), lifecycle);
  } catch (error) {
    if (stopping) return;
    const { code, message } = explain(error);
    tell({ type: 'failed', code, message });
    await lifecycle.stop().catch(() => undefined);
    fail(error);
  }
});

/** The node's settings from flags, BITORCH_* variables and config.json in the data directory, in this order of precedence. */
async function settings(): Promise<Settings> {
  const { home } = startCommand.values({ home: START_OPTIONS.home });
  const config = await readConfig(join(home, 'config.json'));
  const values = startCommand.values(START_OPTIONS, config);
  const { walletPasswordFile: file, walletPassword: given, ...others } = values;
  const walletPassword = file === undefined ? given : await passwordIn(file);
  return { ...others, home, ...(walletPassword !== undefined && { walletPassword }) };
}

/** The fields of config.json; none when there is no such file. */
async function readConfig(path: string): Promise<Record<string, unknown>> {
  try {
    return check(z.record(z.string(), z.unknown()), parseJson(await readTextFile(path)), 'the file');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return {};
    if (!(error instanceof BitorchError)) throw error;
    throw new BitorchError('CONFIG_INVALID', `${path} cannot be read: ${messageOf(error)}`);
  }
}

async function passwordIn(file: string): Promise<string | undefined> {
  const password = await givenWalletPassword(file);
  const result = parse(START_OPTIONS.walletPassword.schema, password);
  if ('data' in result) return result.data;
  throw new BitorchError('OPTION_INVALID', `the first line of ${file} ${result.wrong.problem}`);
}

function fail(error: unknown): never {
  printError(error);
  process.exit(exitCodeOf(error));
}
