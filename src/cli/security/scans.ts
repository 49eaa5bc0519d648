import { isAbsolute, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Report, Ruleset } from '#security';

/** One target and what was found in it. */
export interface Scan {
  readonly target: string;
  readonly report: Report;
  /** Paths below the target that were not scanned, with the reason. */
  readonly passedOver: readonly string[];
  /** Paths that could not be read, with the reason. If there are any, the target is not clean. */
  readonly unread: readonly string[];
}

/** Formats scans as text. */
export type WriteReport = (scans: readonly Scan[], ruleset: Ruleset) => Promise<string>;

/** Path of a scanned file relative to the working directory, as a user would type it. */
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
 * URI of a file in SARIF (RFC 3986): relative if it is below the working directory, which code hosts resolve against the
 * repository; otherwise absolute.
 */
export function uriOf(target: string, path: string): string {
  const typed = pathOf(target, path);
  if (target === '-') return escaped(typed);
  if (target.startsWith('hf:')) return `hf:${escaped(typed.slice(3))}`;
  const below = relative('.', resolve(typed));
  const outside = isAbsolute(below) || below === '..' || below.startsWith(`..${sep}`);
  return outside ? pathToFileURL(resolve(typed)).href : escaped(below.replaceAll(sep, '/'));
}
