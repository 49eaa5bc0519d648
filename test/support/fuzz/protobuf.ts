/** Edits of protobuf messages that keep every length right. */
import { concat } from '#base';
import type { Random } from '../attacks/index.ts';
import { varint } from '../attacks/protobuf.ts';
import { scramble } from './bytes.ts';

interface Field {
  number: number;
  wire: number;
  /** Payload of the wire types 0, 1 and 5 as it is written, of 2 without its length. */
  value: Uint8Array | Field[];
}

const VALUES = [0n, 1n, 2n, 127n, 128n, 1n << 31n, 1n << 32n, (1n << 53n) + 1n, 1n << 63n, (1n << 64n) - 1n];

/** A message with fields changed, dropped, doubled, moved or put into others. */
export function mutateMessage(random: Random, bytes: Uint8Array): Uint8Array {
  const root = parse(bytes, 0);
  if (!root || random.chance(6)) return scramble(random, bytes);
  for (let edits = random.between(1, 3); edits > 0; edits--) edit(random, root);
  const out = encode(root);
  return random.chance(12) ? scramble(random, out) : out;
}

function edit(random: Random, root: Field[]): void {
  const lists = [root];
  for (const list of lists) for (const { value } of list) if (Array.isArray(value)) lists.push(value);
  const list = random.pick(lists);
  const at = random.below(Math.max(1, list.length));
  const field = list[at];
  switch (random.below(7)) {
    case 0:
      list.splice(at, 1);
      return;
    case 1:
      if (field) list.splice(at, 0, structuredClone(field));
      return;
    case 2:
      list.splice(at, 0, structuredClone(random.pick(random.pick(lists)) ?? text(random)));
      return;
    case 3:
      if (field) field.number = random.between(0, 55);
      return;
    case 4:
      list.splice(at, 0, { number: random.between(1, 30), wire: 0, value: varint(random.pick(VALUES)) });
      return;
    case 5:
      list.splice(at, 0, text(random));
      return;
    default:
      if (field) mutateValue(random, field);
  }
}

function mutateValue(random: Random, field: Field): void {
  if (field.wire === 0) field.value = varint(random.pick(VALUES));
  else if (!Array.isArray(field.value)) field.value = scramble(random, field.value);
  else if (random.chance(2)) field.value = [{ ...field, value: field.value.slice() }];
  else field.value = encode(field.value).slice(1);
}

const text = (random: Random): Field => ({
  number: random.between(1, 30),
  wire: 2,
  value: random.bytes(random.below(9)),
});

/** Fields of a message; undefined for what is none. */
function parse(bytes: Uint8Array, depth: number): Field[] | undefined {
  if (depth > 12) return undefined;
  const fields: Field[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [tag, start] = readVarint(bytes, at);
    const [number, wire] = [Math.floor(tag / 8), tag % 8];
    if (start < 0 || number === 0 || number > 100) return undefined;
    const [length, from] = wire === 2 ? readVarint(bytes, start) : [payload(bytes, wire, start), start];
    if (from < 0 || length < 0 || from + length > bytes.length) return undefined;
    const value = bytes.slice(from, from + length);
    fields.push({ number, wire, value: (wire === 2 && length > 0 && parse(value, depth + 1)) || value });
    at = from + length;
  }
  return fields;
}

function payload(bytes: Uint8Array, wire: number, at: number): number {
  if (wire === 0) return readVarint(bytes, at)[1] - at;
  return wire === 1 ? 8 : wire === 5 ? 4 : -1;
}

/** [value, place behind it]; the place is -1 when there is none. */
function readVarint(bytes: Uint8Array, from: number): [number, number] {
  let value = 0;
  for (let at = from, scale = 1; at < bytes.length && at < from + 10; at++, scale *= 128) {
    value += (bytes[at]! & 0x7f) * scale;
    if (bytes[at]! < 0x80) return [value, at + 1];
  }
  return [0, -1];
}

const encode = (fields: readonly Field[]): Uint8Array =>
  concat(
    fields.flatMap(({ number, wire, value }) => {
      const body = Array.isArray(value) ? encode(value) : value;
      return wire === 2
        ? [varint(number * 8 + wire), varint(body.length), body]
        : [varint(number * 8 + wire), body];
    }),
  );
