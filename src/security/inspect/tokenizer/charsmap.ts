/** SentencePiece's compiled normalizer: a double-array trie (s-yata/darts-clone) and the strings that it points to. */

const BLOCK = 256;
const VALUE = 0x80000000;
/** Whether a key ends at a unit. */
const HAS_LEAF = 0x100;

/**
 * Checks a compiled normalizer (`precompiled_charsmap`: size of the trie as u32 little-endian, the trie,
 * zero-terminated strings). Returns what is wrong with it: a lookup that can leave its bytes, since
 * readers follow the trie without bounds checks, or a word that it replaces.
 */
export function charsmapProblem(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return undefined;
  if (bytes.length < 4) return 'it has no size';
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const trieBytes = view.getUint32(0, true);
  const texts = bytes.length - 4 - trieBytes;
  if (texts < 0) return `its trie of ${trieBytes} bytes is longer than itself`;
  if (trieBytes === 0 || trieBytes % (4 * BLOCK) !== 0)
    return `its trie of ${trieBytes} bytes is not of whole blocks`;
  if (bytes.at(-1) !== 0) return 'its last text has no end';
  const units = trieBytes / 4;
  for (let at = 0; at < units; at++) {
    const unit = view.getUint32(4 + 4 * at, true);
    if (unit & VALUE) {
      if ((unit & 0x7fffffff) >= texts) return `unit ${at} of its trie points behind its texts`;
      continue;
    }
    const next = at ^ ((unit >>> 10) << ((unit & 0x200) >>> 6));
    if (next >>> 0 >= units) return `unit ${at} of its trie points outside`;
  }
  const word = wordIn(view, units, bytes.subarray(4 + trieBytes));
  return word === undefined ? undefined : `it replaces the text ${JSON.stringify(word)}`;
}

/** Whether a capital becomes small, alone or behind the mark of Marian's case encoding (A to Ua), or the reverse. */
const changesCase = (key: string, text: string): boolean =>
  (/^[A-Z]$/.test(key) &&
    (text === key.toLowerCase() || /^[A-Z]$/.test(text.slice(0, -1))) &&
    text.endsWith(key.toLowerCase())) ||
  (/^[A-Z][a-z]$/.test(key) && text === key.slice(1).toUpperCase());

/** Deepest key that is followed. */
const MAX_KEY = 64;

/**
 * A key of the trie that is a word, a letter or a number of ASCII characters, unless only its case
 * changes: Unicode's normal forms and case folding map no others. `texts`: the zero-terminated strings.
 */
function wordIn(view: DataView, units: number, texts: Uint8Array): string | undefined {
  const unitAt = (at: number): number => view.getUint32(4 + 4 * at, true);
  const below = (at: number, unit: number): number => at ^ ((unit >>> 10) << ((unit & 0x200) >>> 6));
  const seen = new Set<number>();
  const waiting: [at: number, key: string][] = [[below(0, unitAt(0)), '']];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [from, key] = next;
    for (let label = 0x21; label < 0x7f; label++) {
      const at = from ^ label;
      if (at < 0 || at >= units) continue;
      const unit = unitAt(at);
      if ((unit & 0x800000ff) !== label || seen.has(at)) continue;
      seen.add(at);
      const longer = key + String.fromCharCode(label);
      const base = below(at, unit);
      if (unit & HAS_LEAF && /[A-Za-z0-9]/.test(longer)) {
        const start = unitAt(base) & 0x7fffffff;
        const text = Buffer.from(texts.subarray(start, texts.indexOf(0, start))).toString();
        if (!changesCase(longer, text)) return longer;
      }
      if (longer.length < MAX_KEY) waiting.push([base, longer]);
    }
  }
  return undefined;
}
