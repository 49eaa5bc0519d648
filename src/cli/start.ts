import { BitorchError, codeOf, createLog, Lifecycle, messageOf, type Options, parse, z } from '#base';
import { exitCodeOf, onStopSignal, printError } from './exit.ts';
import { explain } from './explain.ts';
import { DeclaredCommand } from './flags.ts';
import { tell } from './node-message.ts';
import { type Settings, START_GROUPS, START_OPTIONS } from './start-options.ts';
import { givenWalletPassword } from './wallet/secrets.ts';
import { confirm, isInteractive } from './wallet/terminal.ts';

const VARIABLES = `
Every option may also be set by a variable (BITORCH_LINK_PORT for --link-port), or in config.json in the data directory
("linkPort"). docs/options.md lists them.`;

const JOIN_OPTIONS = {
  yes: { schema: z.boolean().default(false), help: 'join without being asked about the risks of the invite' },
} satisfies Options;

/** `bitorch start`: one node, in the foreground. */
export const startCommand = new DeclaredCommand('start', 'run one node', {
  groups: [...START_GROUPS, { title: 'Joining', options: JOIN_OPTIONS }],
  allVariables: true,
});

startCommand
  .argument('[invite]', 'invite to a network, which the node joins first: bitorch://join?…')
  .addHelpText('after', VARIABLES)
  .action(async (invite?: string) => {
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
      if (invite !== undefined) await joinBefore(invite, lifecycle.signal);
      await runNode(settings, lifecycle);
    } catch (error) {
      if (stopping) return;
      const { code, message } = explain(error);
      tell({ type: 'failed', code, message });
      await lifecycle.stop().catch(() => undefined);
      fail(error);
    }
  });

/** Joins the network of an invite before the node starts. */
async function joinBefore(invite: string, signal: AbortSignal): Promise<void> {
  const { home, log } = startCommand.values({ home: START_OPTIONS.home, log: START_OPTIONS.log });
  const { joinByInvite } = await import('#node');
  const { yes } = startCommand.values(JOIN_OPTIONS);
  const join = (acceptRisks: boolean) =>
    joinByInvite(home, invite, { log: createLog(log), signal, acceptRisks });
  try {
    await join(yes);
  } catch (error) {
    if (codeOf(error) !== 'INVITE_RISKY' || !isInteractive()) throw error;
    process.stderr.write(`${messageOf(error)}\n`);
    if (!(await confirm('Join?'))) throw new BitorchError('CANCELLED', 'this node has joined nothing');
    await join(true);
  }
  if (!process.send) process.stdout.write('Joined the network of the invite.\n');
}

/**
 * The node's settings from flags, BITORCH_* variables, config.json in the data directory and the network that it has joined, in this
 * order of precedence.
 */
async function settings(): Promise<Settings> {
  const { home } = startCommand.values({ home: START_OPTIONS.home });
  const { joinedSettings, readConfig } = await import('#node');
  const joined = await joinedSettings(home);
  const own = await readConfig(home);
  const { roles } = startCommand.values({ roles: START_OPTIONS.roles }, own);
  // Only a validator needs the blocks.
  const light = joined.genesis !== undefined && !roles.includes('validate');
  const values = startCommand.values(START_OPTIONS, { ...joined, ...(light && { light }), ...own });
  const { walletPasswordFile: file, walletPassword: given, ...others } = values;
  const walletPassword = file === undefined ? given : await passwordIn(file);
  const fixed = startCommand.given(START_OPTIONS);
  return { ...others, home, fixed, ...(walletPassword !== undefined && { walletPassword }) };
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
