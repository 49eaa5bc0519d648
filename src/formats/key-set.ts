/** Characters of keys that are kept as they are: more than the objects of configuration have. */
const MAX_EXACT = 4096;

/**
 * The keys of one object. The first ones are kept, those of vocabularies as 64-bit fingerprints: equal keys always meet;
 * that two different ones do happens to one honest vocabulary in ten million.
 */
export class KeySet {
  #exact: Set<string> | undefined = new Set();
  #characters = 0;
  /** Pairs of halves, open addressing; a pair of zeros is free. */
  #table = new Uint32Array();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a key; false when it is there already. */
  add(key: string): boolean {
    if (this.#exact) {
      if (this.#exact.has(key)) return false;
      this.#characters += key.length;
      if (this.#characters <= MAX_EXACT) {
        this.#exact.add(key);
        this.#size++;
        return true;
      }
      this.#table = new Uint32Array(4096);
      for (const known of this.#exact) this.#insert(...fingerprint(known));
      this.#exact = undefined;
    }
    if (!this.#insert(...fingerprint(key))) return false;
    this.#size++;
    if (this.#size * 3 > this.#table.length) this.#grow();
    return true;
  }

  #insert(high: number, low: number): boolean {
    const table = this.#table;
    const mask = table.length - 1;
    for (let at = (low * 2) & mask; ; at = (at + 2) & mask) {
      if (table[at] === high && table[at + 1] === low) return false;
      if (table[at] !== 0 || table[at + 1] !== 0) continue;
      table[at] = high;
      table[at + 1] = low;
      return true;
    }
  }

  #grow(): void {
    const old = this.#table;
    this.#table = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += 2) {
      if (old[at] !== 0 || old[at + 1] !== 0) this.#insert(old[at]!, old[at + 1]!);
    }
  }
}

/** Two multiplicative hashes with a final mixing each (MurmurHash3's), never both 0. */
function fingerprint(text: string): [high: number, low: number] {
  let a = 0x9e3779b9 ^ text.length;
  let b = 0x85ebca6b;
  for (let n = 0; n < text.length; n++) {
    const unit = text.charCodeAt(n);
    a = Math.imul(a ^ unit, 0x85ebca77);
    b = Math.imul(b ^ unit, 0xc2b2ae3d);
    a ^= a >>> 15;
  }
  return [mixed(a) >>> 0, (mixed(b) | 1) >>> 0];
}

function mixed(hash: number): number {
  let bits = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
