import { Command, CommanderError } from 'commander';
import { BitorchError } from '#base';
import { abciCommand } from './abci.ts';
import { chainCommands } from './chain/chain.ts';
import { faucetCommand, stakeCommands } from './chain/stake.ts';
import { validatorCommands } from './chain/validator.ts';
import { chatCommand } from './chat.ts';
import { devnetCommand } from './devnet/command.ts';
import { doctorCommand } from './doctor.ts';
import { genesisCommand } from './genesis.ts';
import { inviteCommand } from './invite.ts';
import { modelsCommand } from './models.ts';
import { convertCommand } from './security/convert.ts';
import { scanCommand } from './security/scan.ts';
import { securityCommand } from './security/security.ts';
import { serviceCommands } from './service/command.ts';
import { setupCommand } from './setup/command.ts';
import { startCommand } from './start.ts';
import { statusCommand } from './status.ts';
import { stopCommand } from './stop.ts';
import { tokenCommands } from './token.ts';
import { walletCommands } from './wallet/command.ts';

/** The program: every command. */
export const program = new Command('bitorch')
  .description('Share AI models the BitTorrent way, run them split over many machines, check the work.')
  .version('0.1.0')
  .addCommand(startCommand)
  .addCommand(setupCommand)
  .addCommand(devnetCommand)
  .addCommand(inviteCommand)
  .addCommand(chatCommand)
  .addCommand(statusCommand)
  .addCommand(modelsCommand)
  .addCommand(stopCommand)
  .addCommand(serviceCommands)
  .addCommand(doctorCommand)
  .addCommand(walletCommands)
  .addCommand(chainCommands)
  .addCommand(validatorCommands)
  .addCommand(stakeCommands)
  .addCommand(faucetCommand)
  .addCommand(tokenCommands)
  .addCommand(scanCommand)
  .addCommand(convertCommand)
  .addCommand(securityCommand)
  .addCommand(genesisCommand)
  .addCommand(abciCommand);

/** Errors of usage that are only a request for help or the version, which was printed. */
const PRINTED = new Set(['commander.help', 'commander.helpDisplayed', 'commander.version']);

/**
 * Parses the arguments and runs the command. Throws what the command throws, and USAGE_INVALID for an unknown flag or command, which
 * names the nearest one, and for missing or superfluous arguments. `argv` as in `process.argv`.
 */
export async function runProgram(argv: readonly string[] = process.argv): Promise<void> {
  for (const command of withSubcommands(program)) {
    command.exitOverride().configureOutput({ outputError: () => undefined });
  }
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (PRINTED.has(error.code)) {
      process.exitCode = error.exitCode;
      return;
    }
    throw new BitorchError('USAGE_INVALID', usageMessage(error.message));
  }
}

/** Commander's message as one of ours: `unknown option '--prot': did you mean --port?`. */
const usageMessage = (message: string): string =>
  message
    .replace(/^error: /, '')
    .replace(
      /\s*\n?\(Did you mean (one of )?([^?]*)\?\)\s*$/,
      (_, _some, similar) => `: did you mean ${similar}?`,
    );

/** The command and all below it. */
export const withSubcommands = (command: Command): Command[] => [
  command,
  ...command.commands.flatMap(withSubcommands),
];
