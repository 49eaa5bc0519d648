import { Command } from 'commander';
import { BitorchError, type Options, type OptionValues, z } from '#base';
import type { Scope, TokenView } from '#node';
import { SCOPES } from '#node/api';
import { askNode, type NodeFlags, nodeCommand, print, printJson, printTable } from './chain/api.ts';

const CREATE_FLAGS = {
  scopes: {
    schema: z.array(z.enum(SCOPES)).min(1).default(['chat']),
    value: 'list',
    help: 'chat, read, wallet or admin (everything)',
  },
} satisfies Options;

const createCommand = nodeCommand(
  'create',
  'create a token for a program; it is shown only once',
  CREATE_FLAGS,
)
  .argument('<name>', 'name of the token')
  .action(async (name: string, flags: NodeFlags & OptionValues<typeof CREATE_FLAGS>) => {
    const { scopes } = flags;
    const made = await askNode<{ token: string; scopes: Scope[] }>(flags, '/api/tokens', {
      body: { name, scopes },
    });
    if (flags.json) printJson(made);
    else print(made.token);
  });

const listCommand = nodeCommand('list', 'list the named tokens, without their secrets').action(
  async (flags: NodeFlags) => {
    const tokens = await askNode<TokenView[]>(flags, '/api/tokens');
    if (flags.json) return printJson(tokens);
    if (tokens.length === 0) return print('no named tokens; create one with "bitorch token create"');
    const rows = tokens.map(({ name, scopes, created }) => [
      name,
      scopes.join(', '),
      new Date(created).toISOString().slice(0, 10),
    ]);
    printTable([['name', 'scopes', 'created'], ...rows]);
  },
);

const revokeCommand = nodeCommand('revoke', 'revoke a token')
  .argument('<name>', 'name of the token')
  .action(async (name: string, flags: NodeFlags) => {
    if (!/^[\w.-]+$/.test(name)) throw new BitorchError('TOKEN_UNKNOWN', `there is no token "${name}"`);
    await askNode(flags, `/api/tokens/${name}`, { method: 'DELETE' });
    print(`${name} is revoked`);
  });

/** `bitorch token`: API access for other programs, limited by scopes. */
export const tokenCommands = new Command('token')
  .description('manage API tokens for other programs')
  .addCommand(createCommand)
  .addCommand(listCommand)
  .addCommand(revokeCommand);
