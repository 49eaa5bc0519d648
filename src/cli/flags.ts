import { Command, Option as Flag } from 'commander';
import {
  acceptedValues,
  BitorchError,
  defaultOf,
  flagOf,
  type Option,
  type OptionGroup,
  type Options,
  type OptionValues,
  readOptions,
  variableOf,
} from '#base';

/** A flag made from an option's declaration. */
export class DeclaredFlag extends Flag {
  readonly option: Option;

  constructor(name: string, option: Option) {
    const flag = flagOf(name, option);
    super(option.value ? `${flag} <${option.value}>` : flag, describe(option));
    this.option = option;
    if (option.repeat) this.argParser((text, before: string[] = []) => [...before, text]);
  }
}

interface Settings {
  /** The options of its flags, by group. */
  readonly groups: readonly OptionGroup[];
  /** Whether every option may be set by a variable, not only those that declare one. */
  readonly allVariables?: boolean;
}

/** A command whose flags are made from declared options. */
export class DeclaredCommand extends Command {
  readonly #allVariables: boolean;
  /** Names of all its options. */
  readonly #names: ReadonlySet<string>;

  constructor(name: string, description: string, { groups, allVariables = false }: Settings) {
    super(name);
    this.description(description);
    this.#allVariables = allVariables;
    this.#names = new Set(groups.flatMap(({ options }) => Object.keys(options)));
    for (const { title, options } of groups) {
      for (const [option, declaration] of Object.entries(options)) {
        if (declaration.secret) continue;
        const flag = new DeclaredFlag(option, declaration);
        this.addOption(groups.length > 1 ? flag.helpGroup(`${title}:`) : flag);
      }
    }
  }

  /** Names of the options that a flag or variable gives. */
  given(options: Options): string[] {
    const flags = super.opts();
    return Object.entries(options)
      .filter(([name, option]) => flags[name] !== undefined || process.env[variableOf(name, option)])
      .map(([name]) => name);
  }

  /**
   * The values of some of the options, from flags, else variables, else `config`, which may have the command's other options too,
   * else defaults. Throws OPTION_INVALID, whose message
   * names the flag, variable or field and what is accepted.
   */
  values<O extends Options>(options: O, config: Readonly<Record<string, unknown>> = {}): OptionValues<O> {
    const variables = Object.entries(options)
      .filter(([, { variable }]) => this.#allVariables || variable !== undefined)
      .map(([name, option]) => variableOf(name, option));
    return readOptions(options, {
      flags: super.opts(),
      variables: Object.fromEntries(variables.map((name) => [name, process.env[name]])),
      config: Object.fromEntries(
        Object.entries(config).filter(([name]) => name in options || !this.#names.has(name)),
      ),
    });
  }
}

/** A command whose action receives the values of its options, not texts. */
class CheckedCommand extends DeclaredCommand {
  readonly #options: Options;

  constructor(name: string, description: string, options: Options) {
    super(name, description, { groups: [{ title: 'Options', options }] });
    this.#options = options;
  }

  override opts<T extends object>(): T {
    return this.values(this.#options) as T;
  }
}

/** A command whose action receives the values of the options. A wrong value throws OPTION_INVALID before the action runs. */
export const commandOf = (name: string, description: string, options: Options): Command =>
  new CheckedCommand(name, description, options);

/** The line of --help: what the option does, then bounds, default and roles. */
function describe(option: Option): string {
  const accepted = acceptedValues(option);
  const standard = defaultOf(option);
  const { value, roles = [], variable } = option;
  const notes = [
    value !== undefined && /^(whole number|number)|\bor\b/.test(accepted) && accepted,
    standard !== undefined && `default: ${standard}`,
    roles.length > 0 && `for the role ${roles.join(' or ')}`,
    variable !== undefined && `variable: ${variable}`,
  ].filter((note) => note !== false);
  return notes.length > 0 ? `${option.help} (${notes.join('; ')})` : option.help;
}

/** Parses a text as a whole number. Throws OPTION_INVALID when it is not one from `min` to `max`. */
export function wholeNumber(name: string, text: string, min = 0, max = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new BitorchError('OPTION_INVALID', `${name} ${text}: write a whole number from ${min} to ${max}`);
  }
  return value;
}
