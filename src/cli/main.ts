#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { Command } from 'commander';
import { codeCacheDirectory } from '#base';
import { abciCommand } from './abci.ts';
import { chainCommands } from './chain/chain.ts';
import { faucetCommand, stakeCommands } from './chain/stake.ts';
import { validatorCommands } from './chain/validator.ts';
import { handleClosedOutput } from './closed-output.ts';
import { devnetCommand } from './devnet/command.ts';
import { endOnFault, exitCodeOf, printError } from './exit.ts';
import { genesisCommand } from './genesis.ts';
import { convertCommand } from './security/convert.ts';
import { scanCommand } from './security/scan.ts';
import { securityCommand } from './security/security.ts';
import { startCommand } from './start.ts';
import { tokenCommands } from './token.ts';
import { walletCommands } from './wallet/command.ts';

handleClosedOutput();
endOnFault();
// Modules loaded from here on are compiled once, not on every start.
enableCompileCache(codeCacheDirectory());

const program = new Command('bitorch')
  .description('Share AI models the BitTorrent way, run them split over many machines, check the work.')
  .version('0.1.0')
  .addCommand(startCommand)
  .addCommand(devnetCommand)
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

try {
  await program.parseAsync();
} catch (error) {
  printError(error);
  process.exit(exitCodeOf(error));
}
