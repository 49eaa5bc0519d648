/** Edits of JSON documents that leave them JSON, most of the time. */
import { utf8 } from '#base';
import type { Json } from '#formats';
import type { Random } from '../attacks/index.ts';
import { scramble } from './bytes.ts';

const KEYS = [
  ...[
    'auto_map',
    'chat_template',
    'Regex',
    'added_tokens',
    'added_tokens_decoder',
    'model',
    'vocab',
    'merges',
  ],
  ...[
    'pre_tokenizer',
    'weight_map',
    'class_name',
    'hidden_size',
    '__proto__',
    'constructor',
    '',
    'content',
    'id',
  ],
  ...[
    'special',
    '__metadata__',
    'dtype',
    'shape',
    'data_offsets',
    'template',
    '_target_',
    'trust_remote_code',
  ],
];
const SCALARS: readonly Json[] = [
  ...[null, true, false, 0, -1, 1, 2, 0.5, 1e15, 2 ** 31, 2 ** 53, -0, 1e-7, 1e308],
  ...[
    '',
    'x',
    '<s>',
    '\u0000',
    '\ud83d\ude00',
    '\u2028',
    '(a+)+$',
    '{{ 1 }}',
    '../x',
    'F32',
    'BF16',
    '__proto__',
  ],
];
const WORDS = [
  '"',
  '\\',
  '\\u',
  '\\ud800',
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '-',
  '1e5',
  'NaN',
  '\xef\xbb\xbf',
  'null',
].map(utf8);

/** A document with a few values changed, moved, doubled or dropped. */
export function mutateJson(random: Random, document: Json): Uint8Array {
  let root = structuredClone(document);
  for (let edits = random.between(1, 3); edits > 0; edits--) root = editSomewhere(random, root);
  const text = JSON.stringify(root, null, random.chance(4) ? '\t' : undefined);
  // No value has a key twice: only a text has.
  const doubled = random.chance(12) ? text.replace(/\{("[^"]*":)/, '{$10,$1') : text;
  return random.chance(3) ? scramble(random, utf8(doubled), WORDS) : utf8(doubled);
}

type Container = { [key: string]: Json } | Json[];

function editSomewhere(random: Random, root: Json): Json {
  const containers: Container[] = [];
  collect(root, containers);
  if (containers.length === 0) return random.pick(SCALARS);
  const target = random.pick(containers);
  const value = random.chance(3) ? structuredClone(random.pick(containers)) : freshValue(random);
  if (Array.isArray(target)) editList(random, target, value);
  else editMap(random, target, value);
  return random.chance(20) ? { [random.pick(KEYS)]: root } : root;
}

function editList(random: Random, list: Json[], value: Json): void {
  const at = random.below(list.length + 1);
  if (random.chance(3)) list.splice(at, 1);
  else if (random.chance(2)) list.splice(at, 0, value);
  else list[at] = value;
}

function editMap(random: Random, map: { [key: string]: Json }, value: Json): void {
  const key = random.chance(3) ? random.pick(KEYS) : random.pick([...Object.keys(map), 'x']);
  if (random.chance(4)) delete map[key];
  else Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true });
}

function freshValue(random: Random): Json {
  if (random.chance(6)) return Array.from({ length: random.below(4) }, () => random.pick(SCALARS));
  if (random.chance(6)) return { [random.pick(KEYS)]: random.pick(SCALARS) };
  return random.chance(4) ? random.below(1 << 20) : random.pick(SCALARS);
}

function collect(value: Json, found: Container[]): void {
  if (typeof value !== 'object' || value === null) return;
  found.push(value);
  for (const inner of Object.values(value)) collect(inner, found);
}
