import { Command } from 'commander';
import { addressCommand } from './address.ts';
import { createCommand, restoreCommand, watchCommand } from './create.ts';
import { historyCommand, infoCommand, rescanCommand } from './info.ts';
import { changePasswordCommand, exportViewKeyCommand, wordsCommand } from './keys.ts';
import { checkProofCommand, proveCommand } from './proof.ts';
import { sendCommand, sweepCommand } from './send.ts';

/** `bitorch wallet …`: one file per command or group of similar ones; session.ts has the shared parts. */
export const walletCommands = new Command('wallet')
  .description('manage a private wallet: receive, send and prove payments')
  .addCommand(createCommand)
  .addCommand(restoreCommand)
  .addCommand(watchCommand)
  .addCommand(infoCommand)
  .addCommand(addressCommand)
  .addCommand(sendCommand)
  .addCommand(sweepCommand)
  .addCommand(historyCommand)
  .addCommand(rescanCommand)
  .addCommand(proveCommand)
  .addCommand(checkProofCommand)
  .addCommand(wordsCommand)
  .addCommand(exportViewKeyCommand)
  .addCommand(changePasswordCommand);
