import type { Report, Ruleset } from '#node/scanning';

/** One target and what was found in it. */
export interface Scan {
  readonly target: string;
  readonly report: Report;
  /** What below the target was not scanned, with the reason. */
  readonly passedOver: readonly string[];
  /** What could not be read, with the reason: without it nothing is clean. */
  readonly unread: readonly string[];
}

/** Writes scans in one format. */
export type WriteReport = (scans: readonly Scan[], ruleset: Ruleset) => Promise<string>;

/** Path of a file as one would type it here. */
export function pathOf(target: string, path: string): string {
  if (target === path || target.endsWith(`/${path}`)) return target;
  return target === '.' ? path : `${target.replace(/\/+$/, '')}/${path}`;
}
