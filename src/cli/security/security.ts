import { Command } from 'commander';
import { BitorchError, fromHex, type Options, type OptionValues, toHex, z } from '#base';
import { NODE_OPTIONS } from '#node/options';
import { HOME } from '../common-options.ts';
import { commandOf } from '../flags.ts';
import { statusCommand } from './status.ts';

const RULES_FLAGS = {
  rulesetKeys: { ...NODE_OPTIONS.rulesetKeys, variable: 'BITORCH_RULESET_KEYS' },
  home: HOME,
} satisfies Options;

const UPDATE_FLAGS = {
  from: {
    schema: z.string().min(1).optional(),
    value: 'source',
    help: "a file, or a node's address (/ip4/…/tcp/…/p2p/…)",
  },
  ...RULES_FLAGS,
} satisfies Options;

const updateCommand = commandOf(
  'update',
  'install a newer signed ruleset; a running node uses it at once',
  UPDATE_FLAGS,
)
  .argument('[file]', 'the signed ruleset')
  .action(async (file: string | undefined, flags: OptionValues<typeof UPDATE_FLAGS>) => {
    const from = flags.from ?? file;
    if (from === undefined || (file !== undefined && flags.from !== undefined))
      throw new BitorchError(
        'OPTION_INVALID',
        'specify the source of the ruleset: --from FILE or --from ADDRESS',
      );
    const { updateRuleset } = await import('./update-ruleset.ts');
    const { name, version, id } = await updateRuleset(flags.home, from, flags.rulesetKeys.map(fromHex));
    process.stdout.write(`Ruleset ${name} ${version} (${toHex(id)}) is in use.\n`);
  });

const showCommand = commandOf('rules', 'show the ruleset in use', RULES_FLAGS).action(
  async ({ home, rulesetKeys }: OptionValues<typeof RULES_FLAGS>) => {
    const { currentRuleset } = await import('#security');
    const { name, version, id, rules, advisories } = await currentRuleset(home, rulesetKeys.map(fromHex));
    const lines = Object.entries(rules).map(
      ([rule, { severity, title }]) => `${severity.padEnd(9)} ${rule.padEnd(26)} ${title}`,
    );
    process.stdout.write(
      `Ruleset ${name} ${version}\nid ${toHex(id)}\n${advisories.length} known malicious files\n\n${lines.join('\n')}\n`,
    );
  },
);

/** `bitorch security …`: manages the ruleset, and shows the examinations of a running node. */
export const securityCommand = new Command('security')
  .description('manage the rules for scanning models')
  .addCommand(statusCommand)
  .addCommand(updateCommand)
  .addCommand(showCommand);
