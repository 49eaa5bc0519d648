import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { flagOf, type Option } from '#base';
import { DeclaredCommand } from '../flags.ts';
import { START_GROUPS, START_OPTIONS } from '../start-options.ts';

/**
 * Checks arguments as `bitorch start` would, and returns them as a service needs them, which has another working directory and
 * environment: paths are absolute and `--home` is always among them. Throws commander's errors and OPTION_INVALID.
 */
export function serviceOptions(args: readonly string[]): { home: string; options: string[] } {
  const start = new DeclaredCommand('start', '', { groups: START_GROUPS });
  start.exitOverride().configureOutput({ outputError: () => undefined });
  start.allowExcessArguments(false).action(() => undefined);
  start.parse([...args], { from: 'user' });
  const { home: given } = start.values(START_OPTIONS);
  const home = resolve(given);
  const { home: _, ...others } = start.opts<Record<string, unknown>>();
  const options = Object.entries(others)
    .filter(([name]) => start.getOptionValueSource(name) === 'cli')
    .flatMap(([name, value]) => argumentsOf(name, value));
  return { home, options: ['--home', home, ...options] };
}

function argumentsOf(name: string, value: unknown): string[] {
  const option: Option = START_OPTIONS[name as keyof typeof START_OPTIONS];
  const flag = flagOf(name, option);
  if (typeof value === 'boolean') return [flag];
  return [value as string | string[]].flat().flatMap((text) => [flag, absolute(option, text)]);
}

/** A path as an absolute one; a source of a model may be a path or a name. */
const absolute = ({ value }: Option, text: string): string =>
  value === 'file' || value === 'folder' || (value === 'source' && existsSync(text)) ? resolve(text) : text;
