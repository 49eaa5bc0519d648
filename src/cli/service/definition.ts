/** What a service runs: the program with its fixed arguments, and the options of `bitorch start`. */
export interface ServiceDefinition {
  /** Absolute path of the executable, then its own arguments. */
  readonly program: readonly [string, ...string[]];
  /** Options of `bitorch start`, with absolute paths; `--home` is among them. */
  readonly options: readonly string[];
}

export const commandOf = ({ program, options }: ServiceDefinition): [string, ...string[]] => [
  ...program,
  'start',
  ...options,
];

/** What precedes the options in the definition's comment. */
const MARK = 'options: ';

/**
 * The options as one line for a comment of the definition, so that the next installation can keep them. Two hyphens in a row, which
 * end a comment of XML, do not occur in it.
 */
export const optionsComment = (options: readonly string[]): string =>
  MARK + JSON.stringify(options).replaceAll('--', '-\\u002d').replaceAll('--', '-\\u002d');

/** The options in the comment of a definition; undefined when it has none. */
export function keptOptions(text: string): string[] | undefined {
  const [, json] = /options: (\[.*\])/.exec(text) ?? [];
  if (json === undefined) return undefined;
  try {
    const options = JSON.parse(json) as unknown;
    return Array.isArray(options) && options.every((option) => typeof option === 'string')
      ? options
      : undefined;
  } catch {
    return undefined;
  }
}
