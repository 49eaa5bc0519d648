import type { InviteView } from '#node';
import { askNode, type NodeFlags, nodeCommand, print, printJson } from './chain/api.ts';

/** `bitorch invite`: a link with which others join this node's network. */
export const inviteCommand = nodeCommand(
  'invite',
  'print an invite to the network of the running node, also as a QR code',
).action(async (flags: NodeFlags) => {
  const view = await askNode<InviteView>(flags, '/api/network/invite');
  if (flags.json) return printJson(view);
  print(view.invite);
  if (process.stdout.isTTY) {
    const { renderUnicodeCompact } = await import('uqr');
    print(`\n${renderUnicodeCompact(view.invite)}`);
  }
  print('\nOn the other machine: bitorch start INVITE. It is valid for 30 days.');
});
