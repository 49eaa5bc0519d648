import { BitorchError } from './errors.ts';
import { nearest } from './nearest.ts';
import { parse, z } from './schema.ts';

/**
 * A setting of a command, declared once: the parser of flags and variables, --help, config.json, the messages about wrong
 * values and docs/options.md are derived from the declaration.
 */
export interface Option<Schema extends z.ZodType = z.ZodType> {
  /** Type, bounds and default; optional when the setting may be absent. */
  readonly schema: Schema;
  /** What it does, in a few words. */
  readonly help: string;
  /** Placeholder of the value in --help, such as `port`; absent for a switch. */
  readonly value?: string;
  /** Unit of a number, such as `ms` or `bytes`. */
  readonly unit?: string;
  /** Roles without which the option has no effect. */
  readonly roles?: readonly string[];
  /** The default in words, where it depends on the machine. */
  readonly defaultText?: string;
  /** Environment variable, if it is not BITORCH_ and the name in capitals. */
  readonly variable?: string;
  /** A secret is never a flag, because other users can read arguments: only a variable, or a field of config.json. */
  readonly secret?: boolean;
  /** A flag that may be given several times; each gives one member of the list. */
  readonly repeat?: boolean;
  /** Converts the text of a flag or variable where the schema's type does not say how. Returns what it cannot convert unchanged. */
  readonly read?: (text: string) => unknown;
  /** The form of the text that `read` converts, such as `first-last`. */
  readonly form?: string;
}

export type Options = Readonly<Record<string, Option>>;

/** Options under one heading of --help and docs/options.md. */
export interface OptionGroup {
  readonly title: string;
  readonly options: Options;
}

/** The values of options, by name; options that may be absent are left out when they are. */
export type OptionValues<O extends Options> = z.output<z.ZodObject<Shape<O>>>;

type Shape<O extends Options> = { -readonly [Name in keyof O]: O[Name]['schema'] };

/** The schema of an object that holds these options and no other field. */
export const optionsSchema = <O extends Options>(options: O): z.ZodObject<Shape<O>, z.core.$strict> =>
  z.strictObject(mapValues(options, ({ schema }) => schema) as unknown as Shape<O>);

/** Where the values of options come from, in order of precedence. */
export interface OptionSources {
  /** Texts of flags by option name; `true` for a switch, a list for flags that were repeated. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** Environment variables; empty ones count as unset. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** The content of config.json. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/**
 * The values of the options: from a flag, else a variable, else config.json, else the default. Throws OPTION_INVALID, whose message
 * names the flag, variable or field and what it may be.
 */
export function readOptions<O extends Options>(options: O, sources: OptionSources): OptionValues<O> {
  refuseUnknown(options, sources.config ?? {});
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(options)) {
    const { value, place, isText } = givenValue(name, option, sources);
    const result = parse(option.schema, value);
    if ('wrong' in result) {
      const problem = requirement(option, result.wrong.problem, isText);
      const colon = /^(is|has) /.test(problem) ? '' : ':';
      throw new BitorchError('OPTION_INVALID', `${place}${colon} ${problem}`);
    }
    if (result.data !== undefined) values[name] = result.data;
  }
  return values as OptionValues<O>;
}

/** The value that takes precedence, and how a message names it. Undefined when no source has one. */
function givenValue(
  name: string,
  option: Option,
  { flags = {}, variables = {}, config = {} }: OptionSources,
): { value: unknown; place: string; isText: boolean } {
  const shown = (text: string) => (option.secret ? '…' : text.slice(0, 80));
  const flag = flags[name];
  if (typeof flag === 'string')
    return { value: fromText(option, flag), place: `${flagOf(name, option)} ${shown(flag)}`, isText: true };
  if (flag !== undefined) return { value: flag, place: flagOf(name, option), isText: false };
  const variable = variableOf(name, option);
  const text = variables[variable];
  if (text) return { value: fromText(option, text), place: `${variable}=${shown(text)}`, isText: true };
  const place = config[name] === undefined ? flagOf(name, option) : `"${name}" in config.json`;
  return { value: config[name], place, isText: false };
}

/** The flag of an option: `--link-port` for `linkPort`, `--no-sandbox` for a switch that is on by default. */
export function flagOf(name: string, option?: Option): string {
  const isOn = option !== undefined && option.value === undefined && jsonOf(option).default === true;
  return `--${isOn ? 'no-' : ''}${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The environment variable of an option: `BITORCH_LINK_PORT` for `linkPort`. */
export const variableOf = (name: string, { variable }: Option): string =>
  variable ?? `BITORCH_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`;

/** The values that an option accepts, in words: `whole number, 1 to 256`. */
export function acceptedValues(option: Option): string {
  const { form, unit } = option;
  const { type, enum: choices, format } = jsonOf(option);
  if (form !== undefined) return form;
  if (choices) return choices.join(', ').replace(/, ([^,]+)$/, ' or $1');
  if (type === 'boolean') return 'switch';
  if (type === 'array') return option.repeat ? 'text, repeatable' : 'list, with commas';
  if (type === 'integer' || type === 'number') {
    const noun = type === 'integer' ? 'whole number' : 'number';
    return [noun, rangeOf(option)]
      .join(' ')
      .trim()
      .concat(unit ? `, in ${unit}` : '');
  }
  return format === 'uri' ? 'URL' : 'text';
}

/** The default of an option in words; undefined when there is none. */
export function defaultOf(option: Option): string | undefined {
  const value = option.defaultText ?? jsonOf(option).default;
  if (value === undefined || value === '' || value === false) return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.join(',');
  return String(value);
}

/** What must be given instead of a wrong value. */
function requirement(option: Option, problem: string, isText: boolean): string {
  const { type } = jsonOf(option);
  if (option.form !== undefined && isText) return `write it as ${option.form}`;
  if (type === 'integer' || type === 'number') {
    const noun = type === 'integer' ? 'a whole number' : 'a number';
    return [`must be ${noun}`, rangeOf(option)].join(' ').trim();
  }
  return problem;
}

/** `from 1 to 256`, `from 1`, or '' without bounds. */
function rangeOf(option: Option): string {
  const { minimum, maximum } = jsonOf(option);
  const from = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? undefined : minimum;
  const to = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (from === undefined) return to === undefined ? '' : `up to ${to}`;
  return to === undefined ? `from ${from}` : `from ${from} to ${to}`;
}

const SWITCH: Readonly<Record<string, boolean>> = {
  ...{ true: true, yes: true, on: true, 1: true },
  ...{ false: false, no: false, off: false, 0: false },
};

/** Converts text to what the schema takes; text of another form is returned unchanged, for the schema to refuse. */
function fromText(option: Option, text: string): unknown {
  if (option.read) return option.read(text);
  switch (jsonOf(option).type) {
    case 'integer':
    case 'number':
      return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
    case 'boolean':
      return SWITCH[text.toLowerCase()] ?? text;
    case 'array':
      return listOf(text);
    default:
      return text;
  }
}

/** The members of a text with commas. */
export const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');

function refuseUnknown(options: Options, config: Readonly<Record<string, unknown>>): void {
  const names = Object.keys(options);
  const unknown = Object.keys(config).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const similar = nearest(unknown, names);
  const hint = similar === undefined ? 'docs/options.md lists the options' : `did you mean "${similar}"?`;
  throw new BitorchError(
    'OPTION_INVALID',
    `config.json has an unknown option "${unknown.slice(0, 80)}": ${hint}`,
  );
}

/** The parts of a JSON Schema that are read here. */
interface JsonSchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
}

const jsonOf = ({ schema }: Option): JsonSchema =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;

const mapValues = <V, R>(object: Readonly<Record<string, V>>, map: (value: V) => R): Record<string, R> =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]));
