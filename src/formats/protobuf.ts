/**
 * Protocol Buffers' wire format (protobuf.dev, "Encoding"), read strictly by a table of fields: unknown fields,
 * groups, repeated single fields and lengths that overrun are refused, so that every byte has one meaning.
 */
import type { ByteWindow, Reading } from './byte-window.ts';
import { invalid } from './errors.ts';

/** Bytes that were passed over: to be read later, or the raw data of a tensor. */
export interface Span {
  offset: number;
  length: number;
  /** The bytes themselves when they are few: a single number. */
  head?: Uint8Array;
}

/**
 * `int`: any varint · `float`, `double`: fixed 4 and 8 bytes · `text`: UTF-8, kept · `note`: UTF-8, checked and dropped ·
 * `bytes`: a Span, also for messages to be read later · a table: a message, read at once. With `[]`: any number of
 * them, numbers packed or not; `count` numbers are counted, and the first whole one kept as "first NAME". `either`: a number or a note, where editions of a format
 * differ.
 */
export type FieldKind = 'int' | 'float' | 'double' | 'text' | 'note' | 'bytes' | MessageTable;
export type FieldRule = readonly [name: string, kind: FieldKind | 'either', many?: '[]' | 'count'];
export interface MessageTable {
  readonly [field: number]: FieldRule | undefined;
}

export type FieldValue = number | bigint | string | Span | Message | FieldValue[];
/** Fields that are there, by name; repeated ones as lists, counted ones as their number. */
export interface Message {
  [name: string]: FieldValue | undefined;
}

const MAX_DEPTH = 32;
const MAX_LIST = 1 << 16;
const MAX_TEXT = 1 << 22;
/** Bytes of a Span that are kept. */
const MAX_HEAD = 8;
/** What one message and all in it may take in memory, about: bytes of texts, and of the objects themselves. */
const MAX_KEPT = 1 << 24;
const MESSAGE_BYTES = 256;
const VALUE_BYTES = 16;
const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 };
const WIRE_OF = {
  int: WIRE.varint,
  float: WIRE.fixed32,
  double: WIRE.fixed64,
  text: WIRE.bytes,
  note: WIRE.bytes,
};
const EITHER: Readonly<Record<number, FieldKind>> = {
  [WIRE.varint]: 'int',
  [WIRE.fixed32]: 'float',
  [WIRE.bytes]: 'note',
};
const FIXED_BYTES = { float: 4, double: 8 };

/** Fields go to it first; those for which it returns true are not kept. */
type Take = (name: string, value: FieldValue) => boolean;

/**
 * Reads the message that ends at `end`. Fields go to `take` when it is given and returns true, else into the result,
 * which takes MAX_KEPT bytes at most. Throws FORMAT_INVALID.
 */
export function readMessage(
  window: ByteWindow,
  end: number,
  table: MessageTable,
  what: string,
  take?: Take,
): Reading<Message> {
  return readFields(window, end, table, what, take, 0, { left: MAX_KEPT });
}

interface Budget {
  left: number;
}

function* readFields(
  window: ByteWindow,
  end: number,
  table: MessageTable,
  what: string,
  take: Take | undefined,
  depth: number,
  budget: Budget,
): Reading<Message> {
  if (depth > MAX_DEPTH) throw invalid(`${what} nests messages deeper than ${MAX_DEPTH}`);
  const message: Message = Object.create(null);
  const seen = new Set<number>();
  while (window.at < end) {
    const tag = yield* readVarint(window, what);
    const number = Math.floor(Number(tag) / 8);
    const rule = number > 0 ? table[number] : undefined;
    if (!rule) throw invalid(`${what} has the unknown field ${number} at byte ${window.at}`);
    const [name, declared, many] = rule;
    if (!many) {
      if (seen.has(number)) throw invalid(`${what} has two values of ${name}`);
      seen.add(number);
    }
    const wire = Number(tag) % 8;
    const place = `${what}.${name}`;
    const kind = declared === 'either' ? EITHER[wire] : declared;
    if (!kind) throw invalid(`${place} has wire type ${wire}`);
    const packed = many !== undefined && isNumber(kind) && wire === WIRE.bytes;
    if (!packed && wire !== wireOf(kind)) throw invalid(`${place} has wire type ${wire}`);
    const { left } = budget;
    if (packed) yield* readPacked(window, end, kind, rule, message, place, budget);
    else {
      const value = yield* readField(window, end, kind, place, depth, budget);
      if (value !== undefined && !take?.(name, value)) put(message, rule, value, place, budget);
      else budget.left = left;
    }
    if (window.at > end) throw invalid(`${place} runs over the end of its message`);
  }
  return message;
}

const isNumber = (kind: FieldKind): kind is 'int' | 'float' | 'double' =>
  kind === 'int' || kind === 'float' || kind === 'double';
const wireOf = (kind: FieldKind): number =>
  typeof kind === 'string' && kind !== 'bytes' ? WIRE_OF[kind] : WIRE.bytes;

function* readField(
  window: ByteWindow,
  end: number,
  kind: FieldKind,
  place: string,
  depth: number,
  budget: Budget,
): Reading<FieldValue | undefined> {
  if (isNumber(kind)) return yield* readNumber(window, kind, place);
  const length = yield* readLength(window, end, place);
  if (kind === 'bytes') {
    const span = { offset: window.at, length };
    if (length <= MAX_HEAD) {
      if (!window.has(length, place)) yield length;
      return { ...span, head: window.bytes(length).slice() };
    }
    window.skip(length, place);
    return span;
  }
  if (typeof kind === 'object') {
    spend(budget, MESSAGE_BYTES, place);
    return yield* readFields(window, window.at + length, kind, place, undefined, depth + 1, budget);
  }
  if (length > MAX_TEXT) throw invalid(`${place} is a text of ${length} bytes`);
  if (!window.has(length, place)) yield length;
  const text = window.text(length, place);
  return kind === 'text' ? text : undefined;
}

function spend(budget: Budget, bytes: number, place: string): void {
  budget.left -= bytes;
  if (budget.left < 0) throw invalid(`${place} is part of a message that takes more than ${MAX_KEPT} bytes`);
}

function put(
  message: Message,
  [name, , many]: FieldRule,
  value: FieldValue,
  place: string,
  budget: Budget,
): void {
  if (many !== 'count') spend(budget, VALUE_BYTES + (typeof value === 'string' ? value.length : 0), place);
  if (!many) message[name] = value;
  else if (many === 'count') {
    if (message[name] === undefined) message[`first ${name}`] = value;
    message[name] = ((message[name] as number | undefined) ?? 0) + 1;
  } else {
    const list = (message[name] as FieldValue[] | undefined) ?? [];
    message[name] = list;
    if (list.length === MAX_LIST) throw invalid(`${place} is there more than ${MAX_LIST} times`);
    list.push(value);
  }
}

function* readPacked(
  window: ByteWindow,
  end: number,
  kind: 'int' | 'float' | 'double',
  rule: FieldRule,
  message: Message,
  place: string,
  budget: Budget,
): Reading<void> {
  const length = yield* readLength(window, end, place);
  const last = window.at + length;
  if (kind !== 'int' && rule[2] === 'count') {
    const bytes = FIXED_BYTES[kind];
    if (length % bytes !== 0) throw invalid(`${place} has no whole number of values`);
    window.skip(length, place);
    message[rule[0]] = ((message[rule[0]] as number | undefined) ?? 0) + length / bytes;
    return;
  }
  while (window.at < last) put(message, rule, yield* readNumber(window, kind, place), place, budget);
  if (window.at !== last) throw invalid(`${place} runs over its end`);
}

function* readLength(window: ByteWindow, end: number, place: string): Reading<number> {
  const length = yield* readVarint(window, place);
  if (length > end - window.at) throw invalid(`${place} runs over the end of its message`);
  return Number(length);
}

function* readNumber(
  window: ByteWindow,
  kind: 'int' | 'float' | 'double',
  place: string,
): Reading<number | bigint> {
  if (kind === 'int') return signed(yield* readVarint(window, place));
  if (!window.has(FIXED_BYTES[kind], place)) yield FIXED_BYTES[kind];
  return kind === 'float' ? window.float32() : window.float64();
}

const signed = (value: number | bigint): number | bigint => {
  if (typeof value === 'number') return value;
  const number = BigInt.asIntN(64, value);
  return Number.isSafeInteger(Number(number)) ? Number(number) : number;
};

/** A base-128 number of at most 64 bits; a bigint where a double cannot hold it. */
function* readVarint(window: ByteWindow, place: string): Reading<number | bigint> {
  if (window.buffered < 10) {
    const bytes = Math.min(10, window.left);
    if (!window.has(Math.max(1, bytes), place)) yield bytes;
  }
  let value = 0;
  let scale = 1;
  for (let length = 1; length <= 10; length++) {
    if (length > window.left + length - 1) throw invalid(`${place} runs over the end of the file`);
    const byte = window.uint8();
    if (length === 8) return readLongVarint(window, BigInt(value), byte, place);
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      if (byte === 0 && length > 1) throw invalid(`${place} is a number that is spelled too long`);
      return value;
    }
    scale *= 128;
  }
  throw invalid(`${place} is a number of more than 64 bits`);
}

/** The rest of a number from its eighth byte on. */
function readLongVarint(window: ByteWindow, low: bigint, eighth: number, place: string): bigint | number {
  let value = low + (BigInt(eighth & 0x7f) << 49n);
  for (let byte = eighth, shift = 56n; byte >= 0x80; shift += 7n) {
    if (shift > 63n || window.left === 0) throw invalid(`${place} is a number of more than 64 bits`);
    byte = window.uint8();
    value += BigInt(byte & 0x7f) << shift;
    if (byte === 0) throw invalid(`${place} is a number that is spelled too long`);
  }
  if (value >= 1n << 64n) throw invalid(`${place} is a number of more than 64 bits`);
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}
