import { lstat, readFile, realpath } from 'node:fs/promises';
import { sep } from 'node:path';

/** Notes of huggingface_hub about what it fetched: where they lie, how long they are at most, and what they say. */
const NOTES: readonly (readonly [path: RegExp, bytes: number, text: RegExp])[] = [
  // `hf download --local-dir`: commit, etag, time.
  [
    /\/\.cache\/huggingface\/download\/.+\.metadata$/,
    1024,
    /^[0-9a-f]{40}\n"?[\w/-]{1,128}"?\n[\d.]{1,40}\n?$/,
  ],
  // `hf upload-large-folder`: time, size, and how far the file is.
  [
    /\/\.cache\/huggingface\/upload\/.+\.metadata$/,
    1024,
    /^[\d.]{1,40}\n\d{1,16}\n[01]?\n([0-9a-f]{64})?\n(lfs|regular)?\n([0-9a-f]{40,64})?\n?([01]?\n?){0,2}$/,
  ],
  [/\/\.cache\/huggingface\/.+\.lock$/, 0, /^$/],
  [/\/\.locks\/.+\.lock$/, 0, /^$/],
  // The cache of all models: branches by their commits, and files that a repository does not have.
  [/\/(models|datasets|spaces)--[^/]+\/refs\/.+$/, 41, /^[0-9a-f]{40}\n?$/],
  [/\/(models|datasets|spaces)--[^/]+\/\.no_exist\/.+$/, 0, /^$/],
  [/\/\.check_for_update_done$/, 0, /^$/],
  // Cache Directory Tagging Specification, 0.6.
  [/\/CACHEDIR\.TAG$/, 512, /^Signature: 8a477f597d28d172789f06886806bc55(\r?\n(#[ -~]*)?)*$/],
];
const BLOB = /\/(models|datasets|spaces)--[^/]+\/blobs\/[0-9a-f]{40,64}$/;
const PART = /\/((models|datasets|spaces)--[^/]+\/blobs|\.cache\/huggingface\/download)\/.+\.incomplete$/;

/** A full path with "/" between parts, as on the Hub. */
const posix = (path: string): string => path.replaceAll(sep, '/');

/** Whether a file, by its full path and size, is a note of the cache of huggingface_hub and says nothing else. */
export async function isHubNote(path: string, size: number): Promise<boolean> {
  const kind = NOTES.find(([place]) => place.test(posix(path)));
  if (!kind || size > kind[1]) return false;
  return kind[2].test(await readFile(path, 'latin1'));
}

/** Whether a file is the part of a download that has come so far. */
export const isPartOfDownload = (path: string): boolean => PART.test(posix(path));

/** Whether what a file of a snapshot is a link to is a blob of the same repository. */
export function isSnapshotLink(path: string, target: string): boolean {
  const [, repository] = /^(.*\/(?:models|datasets|spaces)--[^/]+)\/snapshots\//.exec(posix(path)) ?? [];
  return (
    repository !== undefined && BLOB.test(posix(target)) && posix(target).startsWith(`${repository}/blobs/`)
  );
}

/** Of full paths, the blobs of that cache to which others of them are links: they are read under their names. */
export async function linkedBlobs(paths: readonly string[]): Promise<Set<string>> {
  const targets = new Set<string>();
  for (const path of paths) {
    if ((await lstat(path)).isSymbolicLink()) targets.add(await realpath(path));
  }
  const blobs = new Set<string>();
  for (const path of paths) {
    if (BLOB.test(posix(path)) && targets.has(await realpath(path))) blobs.add(path);
  }
  return blobs;
}
