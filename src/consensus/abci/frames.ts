import { BitorchError, concat } from '#base';

/** Longest length prefix, in bytes: lengths up to 2^35. */
const MAX_PREFIX_BYTES = 5;

/** Prefixes a message with its length as an unsigned varint. */
export function frame(message: Uint8Array): Uint8Array {
  const prefix: number[] = [];
  let rest = message.length;
  for (; rest >= 128; rest = Math.floor(rest / 128)) prefix.push((rest % 128) | 128);
  prefix.push(rest);
  return concat([Uint8Array.from(prefix), message]);
}

/** Splits a stream into messages, whatever the size of its chunks. */
export class FrameReader {
  readonly #maxBytes: number;
  #chunks: Uint8Array[] = [];
  #length = 0;
  /** Length of the message being received; undefined until its prefix is complete. */
  #expected: number | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Yields the messages that these bytes complete. Throws ABCI_INVALID when a prefix is malformed or exceeds the
   * limit.
   */
  *push(bytes: Uint8Array): Iterable<Uint8Array> {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#length += bytes.length;
    for (;;) {
      this.#expected ??= this.#takePrefix();
      if (this.#expected === undefined || this.#length < this.#expected) return;
      const message = this.#take(this.#expected);
      this.#expected = undefined;
      yield message;
    }
  }

  #takePrefix(): number | undefined {
    const head = this.#join();
    let value = 0;
    for (let i = 0; i < head.length; i++) {
      if (i === MAX_PREFIX_BYTES) throw invalid('a length prefix of more than five bytes');
      value += (head[i]! & 127) * 128 ** i;
      if (head[i]! < 128) {
        if (value > this.#maxBytes)
          throw invalid(`a message of ${value} bytes exceeds the limit of ${this.#maxBytes}`);
        this.#take(i + 1);
        return value;
      }
    }
    if (head.length >= MAX_PREFIX_BYTES) throw invalid('a length prefix of more than five bytes');
    return undefined;
  }

  #take(length: number): Uint8Array {
    const all = this.#join();
    this.#chunks = all.length > length ? [all.subarray(length)] : [];
    this.#length = all.length - length;
    return all.slice(0, length);
  }

  /** Joins the chunks only when a whole prefix or message may have arrived, so a long message is copied once. */
  #join(): Uint8Array {
    if (this.#chunks.length > 1) this.#chunks = [concat(this.#chunks)];
    return this.#chunks[0] ?? new Uint8Array(0);
  }
}

const invalid = (why: string): BitorchError => new BitorchError('ABCI_INVALID', `not ABCI: ${why}`);
