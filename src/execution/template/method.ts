import { type Budget, refused } from './budget.ts';
import type { Arguments, Value } from './values.ts';

/**
 * The arguments of a call, by position or by name. Throws TEMPLATE_REFUSES for arguments that the callee does not
 * accept.
 */
export function bind(
  name: string,
  parameters: readonly string[],
  { positional, named }: Arguments,
): (Value | undefined)[] {
  if (positional.length > parameters.length)
    throw refused(`${name}() takes at most ${parameters.length} arguments`);
  for (const [key] of named) {
    const at = parameters.indexOf(key);
    if (at < 0) throw refused(`${name}() got an unexpected argument '${key}'`);
    if (at < positional.length) throw refused(`${name}() got '${key}' twice`);
  }
  return parameters.map((parameter, n) => (n < positional.length ? positional[n] : named.get(parameter)));
}

type Run<T> = (self: T, args: readonly (Value | undefined)[], budget: Budget, all: Arguments) => Value;

export interface Known<T> {
  /** Names of the parameters; positional-only ones begin with "/". */
  readonly parameters: readonly string[];
  readonly run: Run<T>;
}

export const method = <T>(parameters: string, run: Run<T>): Known<T> => ({
  parameters: parameters.split(' ').filter((name) => name !== ''),
  run,
});

/** Result of bind(). */
export type Args = readonly (Value | undefined)[];
