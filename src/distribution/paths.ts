import { BitorchError } from '#base';

export const MAX_FILES = 1 << 14;
/** Bounds on a model's folders and their depth: each folder is created on disk, however short its name. */
const MAX_FOLDERS = 4096;
const MAX_DEPTH = 16;
const MAX_PATH_BYTES = 1024;
const MAX_SEGMENT_BYTES = 255;
/** Characters that some file system rejects or interprets, and control characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const UNSAFE_CHARACTERS = /[\u0000-\u001f\u007f<>:"|?*\\]/;
const WINDOWS_DEVICES = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$/i;

/**
 * Checks the relative paths of a model's files, so that every platform can write them below one directory, without touching
 * anything else and without two paths naming one file. Throws PATH_UNSAFE.
 */
export function checkPaths(paths: readonly string[]): void {
  if (paths.length > MAX_FILES) throw unsafe(`${paths.length} files, at most ${MAX_FILES}`);
  const taken = new Map<string, 'file' | 'directory'>();
  let folders = 0;
  for (const path of paths) {
    checkPath(path);
    const folded = path.normalize('NFC').toLowerCase();
    if (taken.has(folded)) throw unsafe(`${quote(path)} collides with another path`);
    taken.set(folded, 'file');
    for (const parent of parentsOf(folded)) {
      const known = taken.get(parent);
      if (known === 'file') throw unsafe(`${quote(path)} lies below a file`);
      // Its own parents have been added before, so each folder is visited once.
      if (known === 'directory') break;
      if (++folders > MAX_FOLDERS) throw unsafe(`more than ${MAX_FOLDERS} folders`);
      taken.set(parent, 'directory');
    }
  }
}

/** The parent folders of a path, innermost first. */
function* parentsOf(path: string): Generator<string> {
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) yield path.slice(0, at);
}

/** Checks one `/`-joined relative path. Throws PATH_UNSAFE. */
export function checkPath(path: string): void {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw unsafe('path too long');
  const segments = path.split('/');
  if (segments.length > MAX_DEPTH) throw unsafe(`${quote(path)} lies deeper than ${MAX_DEPTH} folders`);
  for (const segment of segments) {
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
