import { BitorchError } from '#base';

export const MAX_FILES = 10_000;
const MAX_PATH_BYTES = 1024;
const MAX_SEGMENT_BYTES = 255;
/** What some file system refuses or reads as something else, and control characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const UNSAFE_CHARACTERS = /[\u0000-\u001f\u007f<>:"|?*\\]/;
const WINDOWS_DEVICES = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$/i;

/**
 * Checks the relative paths of one model's files, so that every node on every platform can write them below one
 * directory without touching anything else or one file landing on another. Throws BitorchError `PATH_UNSAFE`.
 */
export function checkPaths(paths: readonly string[]): void {
  if (paths.length > MAX_FILES) throw unsafe(`${paths.length} files, at most ${MAX_FILES}`);
  const taken = new Map<string, 'file' | 'directory'>();
  for (const path of paths) {
    checkPath(path);
    const folded = path.normalize('NFC').toLowerCase();
    if (taken.has(folded)) throw unsafe(`${quote(path)} collides with another path`);
    taken.set(folded, 'file');
    for (let at = folded.indexOf('/'); at >= 0; at = folded.indexOf('/', at + 1)) {
      const parent = folded.slice(0, at);
      if (taken.get(parent) === 'file') throw unsafe(`${quote(path)} lies below a file`);
      taken.set(parent, 'directory');
    }
  }
}

/** One path of `/`-joined plain names. Throws BitorchError `PATH_UNSAFE`. */
export function checkPath(path: string): void {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw unsafe('path too long');
  for (const segment of path.split('/')) {
    const plain =
      segment !== '' &&
      Buffer.byteLength(segment) <= MAX_SEGMENT_BYTES &&
      !/[. ]$/.test(segment) &&
      !UNSAFE_CHARACTERS.test(segment) &&
      !WINDOWS_DEVICES.test(segment);
    if (!plain) throw unsafe(`${quote(path)} is not a plain relative path`);
  }
}

const quote = (path: string): string => JSON.stringify(path.slice(0, 200));
const unsafe = (what: string): BitorchError =>
  new BitorchError('PATH_UNSAFE', `unsafe path refused: ${what}`);
