import type { BytesCodec } from '#store';
import { ByteReader, ByteWriter, codecError } from './bytes.ts';

/**
 * The canonical encoding of a type. `read` accepts exactly what `write` produces, so a codec is a bijection between
 * values and their encodings. Both throw CODEC_INVALID for anything else.
 */
export interface Codec<T> {
  write(out: ByteWriter, value: T): void;
  read(input: ByteReader): T;
}

/** The type that a codec encodes. */
export type Decoded<C> = C extends Codec<infer T> ? T : never;

/** Throws CODEC_INVALID when the value is out of the codec's bounds. */
export function encode<T>(codec: Codec<T>, value: T): Uint8Array {
  const out = new ByteWriter();
  codec.write(out, value);
  return out.finish();
}

/** Decodes a whole message. Throws CODEC_INVALID when it is not the canonical encoding or is longer than `maxBytes`. */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array, maxBytes = Number.MAX_SAFE_INTEGER): T {
  if (bytes.length > maxBytes) throw codecError(`${bytes.length} bytes, over the limit of ${maxBytes}`);
  const input = new ByteReader(bytes);
  const value = codec.read(input);
  if (input.remaining > 0) throw codecError(`${input.remaining} trailing bytes`);
  return value;
}

/** Adapts a codec to the values of a store bucket. */
export const stored = <T>(codec: Codec<T>): BytesCodec<T> => ({
  encode: (value) => encode(codec, value),
  decode: (bytes) => decode(codec, bytes),
});

/** Exactly `length` bytes. */
export const fixed = (length: number): Codec<Uint8Array> => ({
  write(out, value) {
    if (value.length !== length) throw codecError(`${length} bytes expected, not ${value.length}`);
    out.bytes(value);
  },
  read: (input) => input.bytes(length),
});

/** An integer in [min, max], both at most 2^53 − 1, as a varint. */
export const integer = (min = 0, max = Number.MAX_SAFE_INTEGER): Codec<number> => {
  const checked = (value: number): number => {
    if (!Number.isSafeInteger(value) || value < min || value > max) {
      throw codecError(`${value} is not a whole number from ${min} to ${max}`);
    }
    return value;
  };
  return {
    write: (out, value) => out.varint(BigInt(checked(value))),
    read: (input) => checked(Number(input.varint())),
  };
};

/** One byte that must be one of the given values. */
export const byteOf = <const T extends number>(...allowed: readonly T[]): Codec<T> => {
  const checked = (value: number): T => {
    if (!allowed.includes(value as T)) throw codecError(`${value} is not one of ${allowed.join(', ')}`);
    return value as T;
  };
  return {
    write: (out, value) => out.bytes(Uint8Array.of(checked(value))),
    read: (input) => checked(input.bytes(1)[0]!),
  };
};

/** An amount in sparks as a varint: 0 ≤ amount < 2^64. */
export const amount: Codec<bigint> = {
  write(out, value) {
    if (value < 0n || value >= 2n ** 64n) throw codecError(`${value} is not an amount`);
    out.varint(value);
  },
  read: (input) => input.varint(),
};

/** A byte string of at most `max` bytes, prefixed with its length. */
export const blob = (max: number): Codec<Uint8Array> => {
  const length = integer(0, max);
  return {
    write(out, value) {
      length.write(out, value.length);
      out.bytes(value);
    },
    read: (input) => input.bytes(length.read(input)),
  };
};

/** A list of `min` to `max` elements, prefixed with their count. */
export const list = <T>(element: Codec<T>, max: number, min = 0): Codec<readonly T[]> => {
  const count = integer(min, max);
  return {
    write(out, values) {
      count.write(out, values.length);
      for (const value of values) element.write(out, value);
    },
    // Grown one element at a time: a false count must not cost memory.
    read(input) {
      const values: T[] = [];
      for (let left = count.read(input); left > 0; left--) values.push(element.read(input));
      return values;
    },
  };
};

/** Fields concatenated in declaration order. */
export function struct<const F extends { readonly [name: string]: unknown }>(
  fields: {
    readonly [K in keyof F]: Codec<F[K]>;
  },
): Codec<{ readonly [K in keyof F]: F[K] }> {
  const entries = Object.entries(fields) as [keyof F & string, Codec<unknown>][];
  return {
    write(out, value) {
      for (const [name, codec] of entries) codec.write(out, value[name]);
    },
    read(input) {
      const value: Record<string, unknown> = {};
      for (const [name, codec] of entries) value[name] = codec.read(input);
      return value as { readonly [K in keyof F]: F[K] };
    },
  };
}

/** A tagged union: one byte, the position in `kinds` counted from 1, then the value. `what` names the union in errors. */
export function tagged<T extends { readonly type: string; readonly value: unknown }>(
  what: string,
  kinds: readonly (readonly [T['type'], Codec<unknown>])[],
): Codec<T> {
  return {
    write(out, { type, value }) {
      const index = kinds.findIndex(([name]) => name === type);
      out.bytes(Uint8Array.of(index + 1));
      kinds[index]![1].write(out, value);
    },
    read(input) {
      const kind = kinds[input.bytes(1)[0]! - 1];
      if (!kind) throw codecError(`an unknown kind of ${what}`);
      return { type: kind[0], value: kind[1].read(input) } as T;
    },
  };
}
