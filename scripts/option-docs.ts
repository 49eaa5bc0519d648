/** Writes docs/options.md out of the declarations of the command line: `node scripts/option-docs.ts`. */
import { writeFileSync } from 'node:fs';
import type { Command, Option } from 'commander';
import { acceptedValues, defaultOf, variableOf } from '#base';
import { NODE_OPTIONS } from '#node/options';
import { DeclaredFlag } from '../src/cli/flags.ts';
import { program, withSubcommands } from '../src/cli/program.ts';

const HEAD = `# Options

The flags of every command, as \`--help\` shows them. \`bitorch start\` takes each of its options from the flag, else from the
environment variable (\`BITORCH_LINK_PORT\` for \`--link-port\`), else from \`config.json\` in the data directory
(\`"linkPort"\`, with a number, a text, true or false, or a list), else from the default. Lists are written with commas in flags
and variables. A wrong value ends the command with \`OPTION_INVALID\` and names what is accepted; an unknown flag with
\`USAGE_INVALID\` and the nearest one.

This page is written by \`node scripts/option-docs.ts\` out of the declarations in \`src/node/options/\`, \`src/server/http-options.ts\`
and \`src/cli/\`.
`;

/** The page. */
export function optionDocs(): string {
  const sections = withSubcommands(program)
    .filter((command) => command.options.some(isDeclared))
    .map(sectionOf);
  return `${HEAD}\n${sections.join('\n')}`;
}

const isDeclared = (flag: Option): flag is DeclaredFlag => flag instanceof DeclaredFlag;

function sectionOf(command: Command): string {
  const flags = command.options.filter(isDeclared);
  const groups = Map.groupBy(flags, ({ helpGroupHeading = '' }) => helpGroupHeading);
  const tables = [...groups].map(([title, members]) => {
    const head = title ? `**${title.replace(/:$/, '')}**\n\n` : '';
    return `${head}| flag | value | default | meaning |\n|---|---|---|---|\n${members.map(rowOf).join('\n')}\n`;
  });
  const secrets = command.name() === 'start' ? `\n${SECRETS.join('\n')}\n` : '';
  return `## ${nameOf(command)}\n\n${tables.join('\n')}${secrets}`;
}

const nameOf = (command: Command): string =>
  command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();

function rowOf({ long, option }: DeclaredFlag): string {
  const { help, roles = [], variable } = option;
  const meaning = [
    help,
    roles.length > 0 && `for the role ${roles.join(' or ')}`,
    variable !== undefined && `variable \`${variable}\``,
  ].filter((part) => part !== false);
  const cells = [`\`${long}\``, acceptedValues(option), defaultOf(option) ?? '', meaning.join('; ')];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** Options of `bitorch start` without a flag. */
const SECRETS = Object.entries(NODE_OPTIONS)
  .filter(([, option]) => 'secret' in option && option.secret)
  .map(
    ([name, option]) =>
      `Not a flag, because other users can read arguments: \`${variableOf(name, option)}\`, or \`"${name}"\` in config.json: ${option.help}.`,
  );

if (import.meta.main) writeFileSync('docs/options.md', optionDocs());
