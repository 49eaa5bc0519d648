/** SentencePiece's compiled normalizer: a double-array trie (s-yata/darts-clone) and the strings that it points to. */

const BLOCK = 256;
const VALUE = 0x80000000;

/**
 * Checks a compiled normalizer (`precompiled_charsmap`: size of the trie as u32 little-endian, the trie,
 * zero-terminated strings). Returns what is wrong with it, or undefined if no lookup can leave its bytes. The check
 * is needed because readers follow the trie without bounds checks.
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
  return undefined;
}
