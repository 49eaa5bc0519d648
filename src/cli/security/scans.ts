import { isAbsolute, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
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
  if (target === '-') return path;
  const folder = sep === '\\' ? target.replaceAll('\\', '/') : target;
  if (folder === path || folder.endsWith(`/${path}`)) return target;
  return folder === '.' || folder === './' ? path : `${folder.replace(/\/+$/, '')}/${path}`;
}

const escaped = (path: string): string =>
  path
    .split('/')
    .map((part) => encodeURIComponent(part.toWellFormed()))
    .join('/');

/**
 * A file as a reference of SARIF (RFC 3986): relative to the working directory where it lies below it, as code hosts
 * resolve it against the repository; else absolute.
 */
export function uriOf(target: string, path: string): string {
  const typed = pathOf(target, path);
  if (target === '-') return escaped(typed);
  if (target.startsWith('hf:')) return `hf:${escaped(typed.slice(3))}`;
  const below = relative('.', resolve(typed));
  const outside = isAbsolute(below) || below === '..' || below.startsWith(`..${sep}`);
  return outside ? pathToFileURL(resolve(typed)).href : escaped(below.replaceAll(sep, '/'));
}
