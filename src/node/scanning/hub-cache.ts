import { lstat, readFile, realpath } from 'node:fs/promises';

/** Notes of huggingface_hub about what it fetched: where they lie, how long they are at most, and what they say. */
const NOTES: readonly (readonly [path: RegExp, bytes: number, text: RegExp])[] = [
  // `hf download --local-dir`: commit, etag, time.
  [
    /\/\.cache\/huggingface\/(download|upload)\/.+\.metadata$/,
    1024,
    /^[0-9a-f]{40}\n"?[\w/-]{1,128}"?\n[\d.]{1,40}\n?$/,
  ],
  [/\/\.cache\/huggingface\/.+\.lock$/, 0, /^$/],
  [/\/\.locks\/.+\.lock$/, 0, /^$/],
  // The cache of all models: branches by their commits, and files that a repository does not have.
  [/\/(models|datasets|spaces)--[^/]+\/refs\/.+$/, 41, /^[0-9a-f]{40}\n?$/],
  [/\/(models|datasets|spaces)--[^/]+\/\.no_exist\/.+$/, 0, /^$/],
];
const BLOB = /\/(models|datasets|spaces)--[^/]+\/blobs\/[0-9a-f]{40,64}$/;

/** Whether a file, by its full path and size, is a note of the cache of huggingface_hub and says nothing else. */
export async function isHubNote(path: string, size: number): Promise<boolean> {
  const kind = NOTES.find(([place]) => place.test(path));
  if (!kind || size > kind[1]) return false;
  return kind[2].test(await readFile(path, 'latin1'));
}

/** Of full paths, the blobs of that cache to which others of them are links: they are read under their names. */
export async function linkedBlobs(paths: readonly string[]): Promise<Set<string>> {
  const targets = new Set<string>();
  for (const path of paths) {
    if ((await lstat(path)).isSymbolicLink()) targets.add(await realpath(path));
  }
  const blobs = new Set<string>();
  for (const path of paths) {
    if (BLOB.test(path) && targets.has(await realpath(path))) blobs.add(path);
  }
  return blobs;
}
