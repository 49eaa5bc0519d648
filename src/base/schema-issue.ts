import type { z } from 'zod';

/** A problem with a value: where it is, and what is required there. */
export interface SchemaProblem {
  /** Field names and indices joined by dots; '' for the value itself. */
  readonly path: string;
  /** Continues a sentence that begins with the field's name: `must be one of a, b, not "c"`. */
  readonly problem: string;
}

type Issue = z.core.$ZodIssue;
type RawIssue = z.core.$ZodRawIssue;

const NOUNS: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  tuple: 'a list',
  null: 'null',
};

/** Units in which sizes are counted. */
const UNITS: Readonly<Record<string, string>> = { string: 'characters', array: 'members', set: 'members' };

/** Matches patterns that require a fixed number of hexadecimal digits. */
const HEXADECIMAL = /^\/\^\[0-9a-f\]\{(\d+)\}\$\/$/;

const nounOf = (expected: string): string => NOUNS[expected] ?? `a value of the type ${expected}`;

/** Describes the given value. Strings are not repeated, since they may be secrets. */
function given(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return 'a list';
  return nounOf(typeof value);
}

const range = (words: string, limit: unknown, origin: string | undefined, size: unknown): string => {
  const unit = UNITS[origin ?? ''];
  if (unit !== undefined && words === 'at least' && limit === 1) return 'must not be empty';
  const length = (size as { length?: number } | undefined)?.length;
  return unit === undefined
    ? `must be ${words} ${limit}, not ${given(size)}`
    : `must have ${words} ${limit} ${unit}${length === undefined ? '' : `, not ${length}`}`;
};

/** The sentence for an issue whose schema has no message of its own; called by zod. */
export function sentenceOf(issue: RawIssue): string {
  const { input } = issue;
  switch (issue.code) {
    case 'invalid_type':
      if (input === undefined) return 'is missing';
      return `must be ${nounOf(issue.expected)}, not ${given(input)}`;
    case 'invalid_value': {
      const allowed = issue.values.map((value: unknown) => String(value)).join(', ');
      const choice = typeof input === 'string' ? `"${input.slice(0, 40)}"` : given(input);
      const wanted = issue.values.length === 1 ? allowed : `one of ${allowed}`;
      return input === undefined ? `is missing: it must be ${wanted}` : `must be ${wanted}, not ${choice}`;
    }
    case 'too_small':
      return range(issue.inclusive ? 'at least' : 'more than', issue.minimum, issue.origin, input);
    case 'too_big':
      return range(issue.inclusive ? 'at most' : 'less than', issue.maximum, issue.origin, input);
    case 'unrecognized_keys':
      return `has an unknown field: ${issue.keys.join(', ').slice(0, 80)}`;
    case 'invalid_union': {
      // A union told apart by a field, whose value belongs to no member.
      if (!('options' in issue) || !Array.isArray(issue.options)) return 'is invalid';
      return `must be one of ${issue.options.map(String).join(', ')}`;
    }
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_format': {
      const digits = HEXADECIMAL.exec(issue.pattern ?? '')?.[1];
      if (digits !== undefined) return `must be ${digits} hexadecimal digits`;
      return issue.format === 'url' ? 'must be a URL' : 'has the wrong format';
    }
    default:
      return 'is invalid';
  }
}

/** The problem of the first issue. For a union: the problem of the member that matched furthest. */
export function problemOf(issues: readonly Issue[], prefix: readonly PropertyKey[] = []): SchemaProblem {
  const [issue] = issues;
  if (!issue) return { path: prefix.map(String).join('.'), problem: 'is invalid' };
  const path = [...prefix, ...issue.path];
  if (issue.code === 'invalid_key' || issue.code === 'invalid_element') return problemOf(issue.issues, path);
  if (issue.code !== 'invalid_union' || issue.errors.length === 0)
    return { path: path.map(String).join('.'), problem: issue.message };
  if (!issue.errors.every(isWrongKind)) {
    const closest = issue.errors
      .filter((member) => !isWrongKind(member))
      .reduce((best, member) => (depthOf(member) > depthOf(best) ? member : best));
    return problemOf(closest, path);
  }
  const nouns = issue.errors.map(([one]) => kindOf(one!));
  const not = /, not (.*)$/.exec(issue.errors[0]![0]!.message)?.[1];
  const problem = not === undefined ? 'is missing' : `must be ${nouns.join(' or ')}, not ${not}`;
  return { path: path.map(String).join('.'), problem };
}

/** Whether a member of a union takes values of another kind: another type, or one fixed value. */
const isWrongKind = ([issue, ...more]: readonly Issue[]): boolean =>
  issue !== undefined &&
  more.length === 0 &&
  issue.path.length === 0 &&
  (issue.code === 'invalid_type' || issue.code === 'invalid_value');

const kindOf = (issue: Issue): string =>
  issue.code === 'invalid_value'
    ? issue.values.map(String).join(' or ')
    : nounOf((issue as { expected: string }).expected);

const depthOf = ([issue]: readonly Issue[]): number => issue?.path.length ?? 0;

/** The full sentence. `subject` names the value where the value itself is wrong. */
export function describeProblem({ path, problem }: SchemaProblem, subject: string): string {
  const name = path ? `"${path}"` : subject;
  return /^(must|is|has)\b/.test(problem) ? `${name} ${problem}` : `${name}: ${problem}`;
}
