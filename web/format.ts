/** Formats numbers, always with their unit, and messages for display. */

const SIZE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** 93_400_000 → "93.4 MB" (powers of 1000, as for networks and disks). */
export function bytes(count: number): string {
  let unit = 0;
  let value = count;
  while (value >= 999.5 && unit < SIZE_UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${SIZE_UNITS[unit]}`;
}

export const rate = (bytesPerSecond: number): string => `${bytes(bytesPerSecond)}/s`;

/** 184 → "184 ms", 2400 → "2.40 s", 75_000 → "75 s". */
export function duration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  return ms < 9995 ? `${(ms / 1000).toFixed(2)} s` : `${Math.round(ms / 1000)} s`;
}

/** 87 → "0.1 s", 1240 → "1.2 s". */
export const tenths = (ms: number): string => `${Math.max(0.1, Math.round(ms / 100) / 10).toFixed(1)} s`;

/** Elapsed time in ms → "12 s ago", "5 min ago", "3 h ago". */
export function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s ago`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min ago` : `${Math.round(minutes / 60)} h ago`;
}

/** Blocks [first, end) as an inclusive range: "0–9". */
export function blockRange({ first, end }: { first: number; end: number }): string {
  return end - first === 1 ? `${first}` : `${first}–${end - 1}`;
}

export const count = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString('en')} ${n === 1 ? one : many}`;

/** 334 of 1000 → "33 %"; never 100 % before all is done. */
export function percent(done: number, total: number): string {
  if (total <= 0) return '0 %';
  return `${done >= total ? 100 : Math.min(99, Math.floor((done / total) * 100))} %`;
}

/** The first and last characters of a long hash, which are what people compare. */
export const shortHash = (hex: string): string =>
  hex.length <= 20 ? hex : `${hex.slice(0, 10)}…${hex.slice(-8)}`;

const SPARKS = 1_000_000_000n;

/** Sparks in decimal digits → "1,234.5 TORCH"; exact, never rounded. */
export function torch(sparks: string): string {
  return `${torchDigits(sparks)} TORCH`;
}

/** Like {@link torch}, without the unit. */
function torchDigits(sparks: string): string {
  const amount = BigInt(sparks);
  const whole = (amount / SPARKS).toLocaleString('en');
  const rest = (amount % SPARKS).toString().padStart(9, '0').replace(/0+$/, '');
  return rest === '' ? whole : `${whole}.${rest}`;
}

/** "1.5" → sparks; undefined for text that is not an amount, or is more precise than a spark. */
export function sparksOf(text: string): string | undefined {
  const [, whole, rest = ''] = /^(\d{1,10})(?:\.(\d{0,9}))?$/.exec(text.trim()) ?? [];
  if (whole === undefined) return undefined;
  return (BigInt(whole) * SPARKS + BigInt(rest.padEnd(9, '0'))).toString();
}

/** 0.3333 → "33.3 %". */
export const share = (part: number): string => `${(part * 100).toFixed(1)} %`;

/** A message of the node as a sentence: with a capital and a full stop. */
export const sentence = (message: string): string =>
  `${message.charAt(0).toUpperCase()}${message.slice(1)}${/[.!?]$/.test(message) ? '' : '.'}`;
