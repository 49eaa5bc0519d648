/**
 * Reads traces in the Informal Trace Format (Apalache ADR-015) into plain values: numbers, strings, tuples and lists as
 * arrays, sets and maps as arrays in a canonical order, so that equal values are deeply equal.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

export type Itf = string | number | boolean | readonly Itf[] | { readonly [field: string]: Itf };
export type ItfState = { readonly [variable: string]: Itf };

const inOrder = (values: readonly Itf[]): readonly Itf[] =>
  values
    .map((value) => [JSON.stringify(value), value] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, value]) => value);

function plain(value: unknown): Itf {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value as Itf;
  const entries = Object.entries(value);
  const [key, inner] = entries[0] ?? [];
  if (entries.length === 1 && key === '#bigint') return Number(inner);
  if (entries.length === 1 && key === '#tup') return (inner as unknown[]).map(plain);
  if (entries.length === 1 && (key === '#set' || key === '#map'))
    return inOrder((inner as unknown[]).map(plain));
  return record(entries.map(([name, field]) => [name, plain(field)] as const));
}

/** With its fields in alphabetical order. */
export function record(entries: Iterable<readonly [string, Itf]>): { readonly [field: string]: Itf } {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The states of a trace file (`.itf.json` or `.itf.json.gz`). */
export function readTrace(path: string): readonly ItfState[] {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const { states } = JSON.parse(text) as { states: readonly Record<string, unknown>[] };
  return states.map((state) => plain(state) as ItfState);
}

/** A set as the reader of traces makes it. */
export const setOf = (values: Iterable<Itf>): Itf => {
  const unique = new Map([...values].map((value) => [JSON.stringify(value), value]));
  return inOrder([...unique.values()]);
};

/** A map as the reader of traces makes it. */
export const mapOf = (entries: Iterable<readonly [Itf, Itf]>): Itf => inOrder([...entries]);

/** A constructor of a sum type; Quint writes an empty tuple where there is no value. */
export const tagged = (tag: string, value: Itf = []): Itf => ({ tag, value });

export interface Tagged {
  readonly tag: string;
  readonly value: Itf;
}
