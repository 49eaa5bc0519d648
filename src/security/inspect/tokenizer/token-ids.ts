/** No embedding is larger, so no vocabulary needs a larger id. */
const MAX_TOKEN_ID = 1 << 26;
const FIRST_BYTES = 1 << 12;
const MAX_REPEATED = 256;

/** The ids of a vocabulary while it is read: a bit for each, 8 MiB at most. */
export class TokenIds {
  /** Ids that several texts have, at most MAX_REPEATED of them. */
  readonly repeated = new Set<number>();
  /** An id that no embedding has; undefined if there is none. */
  impossible: number | undefined;
  #seen = new Uint8Array(FIRST_BYTES);

  add(id: number): void {
    if (!Number.isInteger(id) || id < 0 || id > MAX_TOKEN_ID) {
      this.impossible ??= id;
      return;
    }
    const [byte, bit] = [id >>> 3, 1 << (id & 7)];
    if (byte >= this.#seen.length) this.#grow(byte);
    if (this.#seen[byte]! & bit && this.repeated.size < MAX_REPEATED) this.repeated.add(id);
    this.#seen[byte]! |= bit;
  }

  #grow(byte: number): void {
    const grown = new Uint8Array(2 ** Math.ceil(Math.log2(byte + 1)));
    grown.set(this.#seen);
    this.#seen = grown;
  }
}
