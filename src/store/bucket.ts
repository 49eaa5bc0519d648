import { concat } from '#base';
import { afterPrefix } from './keys.ts';
import type { Entry, ReadView, WriteView } from './view.ts';

/** Encodes values of a type as bytes. A codec for keys must preserve order, because ranges rely on it. */
export interface BytesCodec<T> {
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

/** Identity codec. */
export const rawBytes: BytesCodec<Uint8Array> = { encode: (bytes) => bytes, decode: (bytes) => bytes };

/** Integers from 0 to 2^53 − 1 as 8 big-endian bytes, so that byte order is numeric order. */
export const orderedNumber: BytesCodec<number> = {
  // Byte by byte: creating a DataView for so small an array costs more than it saves.
  encode(value) {
    const bytes = new Uint8Array(8);
    const [high, low] = [Math.floor(value / 2 ** 32), value >>> 0];
    for (let i = 0; i < 4; i++) {
      bytes[i] = high >>> (24 - 8 * i);
      bytes[4 + i] = low >>> (24 - 8 * i);
    }
    return bytes;
  },
  decode: (bytes) => bytes.subarray(0, 8).reduce((value, byte) => 256 * value + byte, 0),
};

/** A typed region of a store, identified by the first byte of its keys. */
export class Bucket<K, V> {
  readonly #tag: Uint8Array;
  readonly #keys: BytesCodec<K>;
  readonly #values: BytesCodec<V>;

  /** @param tag 0 to 254, unique within a store */
  constructor(tag: number, keys: BytesCodec<K>, values: BytesCodec<V>) {
    this.#tag = Uint8Array.of(tag);
    this.#keys = keys;
    this.#values = values;
  }

  get(view: ReadView, key: K): V | undefined {
    const bytes = view.get(this.#key(key));
    return bytes === undefined ? undefined : this.#values.decode(bytes);
  }

  has(view: ReadView, key: K): boolean {
    return view.get(this.#key(key)) !== undefined;
  }

  put(view: WriteView, key: K, value: V): void {
    view.put(this.#key(key), this.#values.encode(value));
  }

  delete(view: WriteView, key: K): void {
    view.delete(this.#key(key));
  }

  /** Entries with `from ≤ key < to` in key order; without bounds, the whole bucket. */
  *entries(view: ReadView, ends: { from?: K; to?: K; reverse?: boolean } = {}): Iterable<[K, V]> {
    const from = ends.from === undefined ? this.#tag : this.#key(ends.from);
    const to = ends.to === undefined ? afterPrefix(this.#tag) : this.#key(ends.to);
    for (const entry of view.range({ from, to, reverse: ends.reverse ?? false })) yield this.#decode(entry);
  }

  /** Entries whose encoded key begins with `prefix`, in key order. */
  *under(view: ReadView, prefix: Uint8Array): Iterable<[K, V]> {
    const from = concat([this.#tag, prefix]);
    for (const entry of view.range({ from, to: afterPrefix(from) })) yield this.#decode(entry);
  }

  #decode({ key, value }: Entry): [K, V] {
    return [this.#keys.decode(key.subarray(1)), this.#values.decode(value)];
  }

  #key(key: K): Uint8Array {
    const encoded = this.#keys.encode(key);
    const bytes = new Uint8Array(1 + encoded.length);
    bytes[0] = this.#tag[0]!;
    bytes.set(encoded, 1);
    return bytes;
  }
}
