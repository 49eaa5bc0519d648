/** What is read of package-lock.json: a package's folder and whether only development needs it. */
export interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
}

/** Folders of the packages that run in production; packages nested in one come with it. */
export function productionPackages({ packages }: Lockfile): string[] {
  return Object.entries(packages)
    .filter(([, entry]) => !entry.dev)
    .map(([folder]) => folder)
    .filter((folder) => folder.lastIndexOf('node_modules/') === 0);
}
