import { Command } from 'commander';
import { addressCommand } from './address.ts';
import { createCommand, restoreCommand, watchCommand } from './create.ts';
import { historyCommand, infoCommand, rescanCommand } from './info.ts';
import { changePasswordCommand, exportViewKeyCommand, wordsCommand } from './keys.ts';
import { checkProofCommand, proveCommand } from './proof.ts';
import { sendCommand, sweepCommand } from './send.ts';

/** `bitorch wallet …`: each command is one file's, or two alike; session.ts has what they share. */
export const walletCommands = new Command('wallet')
  .description('private money: keep, receive, send and prove')
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
