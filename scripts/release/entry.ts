/** A file of an archive. Folders follow from the paths. */
export interface Entry {
  /** Relative, with slashes. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly executable: boolean;
}

export const textEntry = (path: string, text: string, executable = false): Entry => ({
  path,
  bytes: Buffer.from(text),
  executable,
});

/** In the order of archives: by bytes of the path, which is the same everywhere. */
export const inOrder = (entries: readonly Entry[]): Entry[] =>
  entries.toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));

/** All folders of the entries, each after its parent. */
export function foldersOf(entries: readonly Entry[]): string[] {
  const folders = new Set<string>();
  for (const { path } of entries) {
    const parts = path.split('/').slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth++) folders.add(parts.slice(0, depth).join('/'));
  }
  return [...folders].sort();
}
