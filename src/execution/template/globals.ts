/** Functions available to every template. */
import { type Budget, overLimit, refused } from './budget.ts';
import { bind } from './method.ts';
import { stringOf } from './printing.ts';
import { Callable, Dict, demandDefined, listOf, Namespace, Range, typeName, type Value } from './values.ts';

/** The same limit as in jinja2's sandbox. */
const MAX_RANGE = 100_000;
const MAX_FORMAT = 256;

export function globalsOf(now: (format: string) => string, budget: Budget): [string, Value][] {
  const globals: [string, Callable['call']][] = [
    [
      'raise_exception',
      (args) => {
        const [message = null] = bind('raise_exception', ['message'], args);
        throw refused(stringOf(message, budget) || 'an exception without words');
      },
    ],
    [
      'strftime_now',
      (args) => {
        const [format] = bind('strftime_now', ['format'], args);
        if (typeof format !== 'string' || format.length > MAX_FORMAT) throw refused('no format of a date');
        return now(format);
      },
    ],
    ['range', ({ positional, named }) => rangeOf(positional, named.size)],
    [
      'namespace',
      ({ positional, named }) => {
        const namespace = new Namespace();
        for (const [key, value] of new Dict([...dictOf(positional, budget).entries(), ...named]).entries()) {
          if (typeof key !== 'string' || key.startsWith('_'))
            throw refused(`a namespace with ${String(key)}`);
          namespace.attributes.set(key, value);
        }
        budget.list(namespace.attributes.size);
        return namespace;
      },
    ],
    [
      'dict',
      ({ positional, named }) => {
        budget.list(named.size);
        return new Dict([...dictOf(positional, budget).entries(), ...named]);
      },
    ],
  ];
  return globals.map(([name, call]) => [name, new Callable(name, call)]);
}

function dictOf(positional: readonly Value[], budget: Budget): Dict {
  const [source, ...more] = positional;
  if (more.length > 0) throw refused('a dictionary of several others');
  if (source === undefined) return new Dict();
  if (source instanceof Dict) {
    budget.list(source.size);
    return source;
  }
  return new Dict(
    listOf(source, budget).map((pair) => {
      const [key, value, ...rest] = listOf(pair, budget);
      if (key === undefined || value === undefined || rest.length > 0)
        throw refused('a dictionary of no pairs');
      return [key, value] as const;
    }),
  );
}

function rangeOf(args: readonly Value[], named: number): Range {
  const numbers = args.map((arg) => {
    if (typeof arg === 'boolean') return Number(arg);
    if (typeof arg !== 'number') throw demandDefined(arg) ?? refused(`range() of a ${typeName(arg)}`);
    return arg;
  });
  if (named > 0 || numbers.length < 1 || numbers.length > 3)
    throw refused('range() wants one to three numbers');
  const [start, stop, step = 1] =
    numbers.length === 1 ? [0, numbers[0]!] : (numbers as [number, number, number?]);
  if (step === 0) throw refused('range() arg 3 must not be zero');
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (length > MAX_RANGE) throw overLimit(`range() of ${length} numbers`);
  return new Range(start, step, length);
}
