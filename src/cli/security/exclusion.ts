import { matchesGlob } from 'node:path';

/**
 * Whether a path below a target (`/` between parts) is left out: a pattern without "/" is held against each part of the
 * path, another one against the path and the folders above it.
 */
export function isExcluded(path: string, patterns: readonly string[]): boolean {
  const parts = path.split('/').filter((part) => part !== '');
  const prefixes = parts.map((_, n) => parts.slice(0, n + 1).join('/'));
  return patterns.some((pattern) => {
    const plain = pattern.replace(/^\.\/|\/$/g, '');
    return (plain.includes('/') ? prefixes : parts).some((part) => matchesGlob(part, plain));
  });
}
