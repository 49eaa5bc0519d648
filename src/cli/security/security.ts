import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { dataDirectory, toHex } from '#base';

const home = () => new Option('--home <folder>', 'data directory').env('BITORCH_HOME');

const updateCommand = new Command('update')
  .description('install a newer signed ruleset')
  .argument('<file>', 'the signed ruleset')
  .addOption(home())
  .action(async (file: string, flags: { home?: string }) => {
    const { installRuleset } = await import('#node/scanning');
    const { name, version, id } = await installRuleset(
      flags.home ?? dataDirectory(),
      new Uint8Array(await readFile(file)),
    );
    process.stdout.write(`Ruleset ${name} ${version} (${toHex(id)}) is in use.\n`);
  });

const showCommand = new Command('rules')
  .description('show the ruleset in use')
  .addOption(home())
  .action(async (flags: { home?: string }) => {
    const { currentRuleset } = await import('#node/scanning');
    const { name, version, id, rules, advisories } = await currentRuleset(flags.home ?? dataDirectory());
    const lines = Object.entries(rules).map(
      ([rule, { severity, title }]) => `${severity.padEnd(9)} ${rule.padEnd(26)} ${title}`,
    );
    process.stdout.write(
      `Ruleset ${name} ${version}\nid ${toHex(id)}\n${advisories.length} known malicious files\n\n${lines.join('\n')}\n`,
    );
  });

/** `bitorch security …`: the rules that models are judged by. */
export const securityCommand = new Command('security')
  .description('the rules that models are judged by')
  .addCommand(updateCommand)
  .addCommand(showCommand);
