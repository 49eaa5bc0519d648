/**
 * Strict parser of the Protocol Buffers wire format (protobuf.dev, "Encoding"), driven by a table of fields. It refuses unknown
 * fields, groups, duplicates of singular fields and lengths beyond the message, so that every byte has exactly one meaning.
 */
import type { ByteWindow, Reading } from './byte-window.ts';
import { invalid } from './errors.ts';

/** Bytes that were skipped: a message to be read later, or the raw data of a tensor. */
export interface Span {
  offset: number;
  length: number;
  /** The bytes themselves if there are at most MAX_HEAD of them. */
  head?: Uint8Array;
}

/**
 * Type of a field. `int`: any varint. `float`, `double`: 4 and 8 bytes. `text`: UTF-8, kept. `note`: UTF-8, checked and dropped.
 * `bytes`: kept as a Span; also for messages that are read later. A table: a message, read immediately. `either`: a number or a
 * note, where editions of a format differ. Repeated fields are marked `[]` (kept as a list; numbers packed or not) or `count`
 * (only counted; the first integer is kept as "first NAME").
 */
export type FieldKind = 'int' | 'float' | 'double' | 'text' | 'note' | 'bytes' | MessageTable;
export type FieldRule = readonly [name: string, kind: FieldKind | 'either', many?: '[]' | 'count'];
export interface MessageTable {
  readonly [field: number]: FieldRule | undefined;
}

export type FieldValue = number | bigint | string | Span | Message | FieldValue[];
/** Fields that are present, by name: repeated ones as lists, counted ones as a number. */
export interface Message {
  [name: string]: FieldValue | undefined;
}

const MAX_DEPTH = 32;
const MAX_LIST = 1 << 16;
const MAX_TEXT = 1 << 22;
/** Longest Span whose bytes are kept. */
const MAX_HEAD = 8;
/** Approximate limit for the memory of a message and everything in it: bytes of texts and of objects. */
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

/** Called with each field of the outermost message. If it returns true, the field is not stored in the result. */
type Take = (name: string, value: FieldValue) => boolean;

/**
 * Parses the message that ends at offset `end`. Fields that `take` does not consume are stored in the result, which takes at most
 * MAX_KEPT bytes. Throws FORMAT_INVALID when the message is malformed or too large.
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
  if (length > MAX_TEXT)
    throw invalid(`${place} is a text of ${length} bytes, over the limit of ${MAX_TEXT}`);
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
    if (list.length === MAX_LIST) throw invalid(`${place} occurs more than ${MAX_LIST} times`);
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
    if (length % bytes !== 0) throw invalid(`${place} does not contain a whole number of values`);
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

/** Reads a varint of at most 64 bits; a bigint when it exceeds the safe range of a double. */
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
      if (byte === 0 && length > 1) throw invalid(`${place} is a number with an overlong encoding`);
      return value;
    }
    scale *= 128;
  }
  throw invalid(`${place} is a number of more than 64 bits`);
}

/** Reads the rest of a varint from its eighth byte on. */
function readLongVarint(window: ByteWindow, low: bigint, eighth: number, place: string): bigint | number {
  let value = low + (BigInt(eighth & 0x7f) << 49n);
  for (let byte = eighth, shift = 56n; byte >= 0x80; shift += 7n) {
    if (shift > 63n || window.left === 0) throw invalid(`${place} is a number of more than 64 bits`);
    byte = window.uint8();
    value += BigInt(byte & 0x7f) << shift;
    if (byte === 0) throw invalid(`${place} is a number with an overlong encoding`);
  }
  if (value >= 1n << 64n) throw invalid(`${place} is a number of more than 64 bits`);
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}
