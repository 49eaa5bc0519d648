/** Total characters of keys that are stored exactly; configuration objects have fewer. */
const MAX_EXACT = 4096;
const FIRST_PLACES = 4096;
/** Limit of a search. In a half-full table of a million random keys, the longest search takes about 70 probes. */
const MAX_PROBES = 512;

/**
 * The set of keys of one object. Small sets store the keys, large ones (vocabularies) 64-bit fingerprints. Equal keys are always
 * detected; different keys collide in about one of ten million honest vocabularies.
 *
 * Fingerprints are stored in an open-addressing table that is at most half full. A file can be crafted so that its keys cluster
 * in the table; then a built-in Set, whose hashes are seeded, takes over. Each key costs a bounded number of steps, and the
 * result depends on the fingerprints alone.
 */
export class KeySet {
  #exact: Set<string> | undefined = new Set();
  #characters = 0;
  /** Fingerprints as (high, low) pairs, with linear probing; `low` of a free entry is 0. */
  #table = new Uint32Array();
  #crowded: Set<string> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a key; false when it is already present. */
  add(key: string): boolean {
    const added = this.#exact ? this.#addExact(this.#exact, key) : this.#addFingerprint(...fingerprint(key));
    if (added) this.#size++;
    return added;
  }

  #addExact(exact: Set<string>, key: string): boolean {
    if (exact.has(key)) return false;
    exact.add(key);
    this.#characters += key.length;
    if (this.#characters > MAX_EXACT) {
      this.#exact = undefined;
      this.#resize(exact.size);
      for (const known of exact) this.#addFingerprint(...fingerprint(known));
    }
    return true;
  }

  #addFingerprint(high: number, low: number): boolean {
    if (!this.#crowded && (this.#size + 1) * 4 > this.#table.length) this.#resize(this.#size + 1);
    if (this.#crowded) return addTo(this.#crowded, high, low);
    const place = this.#placeOf(high, low);
    if (place === undefined) return addTo(this.#leaveTable(), high, low);
    if (this.#table[place + 1] !== 0) return false;
    this.#table[place] = high;
    this.#table[place + 1] = low;
    return true;
  }

  /** Index of a fingerprint, or of the free entry where it belongs; undefined after MAX_PROBES. */
  #placeOf(high: number, low: number): number | undefined {
    const table = this.#table;
    const mask = table.length - 1;
    let at = (low - 1) & mask;
    for (let probes = 0; probes < MAX_PROBES; probes++, at = (at + 2) & mask) {
      if (table[at + 1] === 0 || (table[at] === high && table[at + 1] === low)) return at;
    }
    return undefined;
  }

  /** Grows the table so that `keys` fill at most half of it. */
  #resize(keys: number): void {
    const old = this.#table;
    let places = FIRST_PLACES;
    while (places < 2 * keys) places *= 2;
    this.#table = new Uint32Array(2 * places);
    for (const [high, low] of pairsOf(old)) {
      const place = this.#placeOf(high, low);
      if (place === undefined) {
        this.#table = old;
        this.#leaveTable();
        return;
      }
      this.#table[place] = high;
      this.#table[place + 1] = low;
    }
  }

  #leaveTable(): Set<string> {
    const crowded = new Set<string>();
    for (const [high, low] of pairsOf(this.#table)) addTo(crowded, high, low);
    this.#table = new Uint32Array();
    this.#crowded = crowded;
    return crowded;
  }
}

function addTo(crowded: Set<string>, high: number, low: number): boolean {
  const before = crowded.size;
  return crowded.add(`${high} ${low}`).size > before;
}

function* pairsOf(table: Uint32Array): Generator<[high: number, low: number]> {
  for (let at = 0; at < table.length; at += 2) {
    if (table[at + 1] !== 0) yield [table[at]!, table[at + 1]!];
  }
}

/** Two multiplicative hashes, each with the finaliser of MurmurHash3; the second is made odd, so it is never 0. */
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
