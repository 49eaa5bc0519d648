/**
 * Bounds on a decoded message: the number of values (each map key counts as one) and the nesting depth of lists, maps and
 * tags.
 */
export interface DecodeLimits {
  readonly items?: number;
  readonly depth?: number;
}

const MAJOR = { bytes: 2, text: 3, list: 4, map: 5, tag: 6 } as const;
/** Additional information 24–27: the argument is in the next 1, 2, 4 or 8 bytes. */
const ARGUMENT_BYTES = 24;
const INDEFINITE = 28;

/**
 * Scans the heads of one CBOR value without creating any object. Returns the problem (too many values, too deep, truncated,
 * indefinite length), or undefined for a value within the limits. Runs in time proportional to `limits.items`, not to the
 * length of the input.
 */
export function cborExcess(bytes: Uint8Array, limits: Required<DecodeLimits>): string | undefined {
  /** Values still expected by each open list, map or tag. */
  const open: number[] = [1];
  let items = 0;
  for (let at = 0; open.length > 0; ) {
    if (++items > limits.items) return `over ${limits.items} values`;
    const head = bytes[at];
    if (head === undefined) return 'cut short';
    const info = head & 31;
    if (info >= INDEFINITE) return 'not of definite length';
    const width = info < ARGUMENT_BYTES ? 0 : 1 << (info - ARGUMENT_BYTES);
    const argument = width === 0 ? info : readArgument(bytes, at + 1, width);
    at += 1 + width;
    open[open.length - 1]!--;
    const major = head >> 5;
    if (major === MAJOR.bytes || major === MAJOR.text) at += argument;
    else if (major === MAJOR.list || major === MAJOR.map || major === MAJOR.tag) {
      const inside = major === MAJOR.map ? 2 * argument : major === MAJOR.list ? argument : 1;
      if (inside > bytes.length - at) return 'cut short';
      if (inside > 0 && open.length > limits.depth) return `over ${limits.depth} levels`;
      open.push(inside);
    }
    while (open.at(-1) === 0) open.pop();
  }
  return undefined;
}

/** Reads a big-endian integer. Values above 2⁵³ may be rounded: no valid length is that large. */
function readArgument(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let i = 0; i < width; i++) value = value * 256 + (bytes[at + i] ?? 0);
  return value;
}
