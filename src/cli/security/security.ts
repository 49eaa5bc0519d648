import { Command, Option } from 'commander';
import { BitorchError, dataDirectory, fromHex, toHex } from '#base';
import { statusCommand } from './status.ts';

const home = () => new Option('--home <folder>', 'data directory').env('BITORCH_HOME');
const keys = () =>
  new Option('--ruleset-keys <keys>', 'additional public keys that may sign rulesets, hexadecimal')
    .env('BITORCH_RULESET_KEYS')
    .argParser((text) => text.split(',').map((key) => publicKey(key.trim())));

interface Flags {
  home?: string;
  rulesetKeys?: Uint8Array[];
}

const updateCommand = new Command('update')
  .description('install a newer signed ruleset; a running node uses it at once')
  .argument('[file]', 'the signed ruleset')
  .option('--from <source>', "a file, or a node's address (/ip4/…/tcp/…/p2p/…)")
  .addOption(keys())
  .addOption(home())
  .action(async (file: string | undefined, flags: Flags & { from?: string }) => {
    const from = flags.from ?? file;
    if (from === undefined || (file !== undefined && flags.from !== undefined))
      throw new BitorchError(
        'OPTION_INVALID',
        'specify the source of the ruleset: --from FILE or --from ADDRESS',
      );
    const { updateRuleset } = await import('./update-ruleset.ts');
    const { name, version, id } = await updateRuleset(flags.home ?? dataDirectory(), from, flags.rulesetKeys);
    process.stdout.write(`Ruleset ${name} ${version} (${toHex(id)}) is in use.\n`);
  });

const showCommand = new Command('rules')
  .description('show the ruleset in use')
  .addOption(keys())
  .addOption(home())
  .action(async (flags: Flags) => {
    const { currentRuleset } = await import('#security');
    const { name, version, id, rules, advisories } = await currentRuleset(
      flags.home ?? dataDirectory(),
      flags.rulesetKeys,
    );
    const lines = Object.entries(rules).map(
      ([rule, { severity, title }]) => `${severity.padEnd(9)} ${rule.padEnd(26)} ${title}`,
    );
    process.stdout.write(
      `Ruleset ${name} ${version}\nid ${toHex(id)}\n${advisories.length} known malicious files\n\n${lines.join('\n')}\n`,
    );
  });

function publicKey(text: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new BitorchError('OPTION_INVALID', `${text} is not a public key of 64 hexadecimal digits`);
  return fromHex(text);
}

/** `bitorch security …`: manages the ruleset, and shows the examinations of a running node. */
export const securityCommand = new Command('security')
  .description('manage the rules for scanning models')
  .addCommand(statusCommand)
  .addCommand(updateCommand)
  .addCommand(showCommand);
