import { glob, lstat } from 'node:fs/promises';
import { BitorchError } from '#base';

const PATTERN = /[*?[{]/;

/**
 * The targets that words of a command line name: a word that is the name of nothing and has `*`, `?`, `[` or `{` in it is a
 * pattern, as shells without patterns hand it on. Throws SCAN_FAILED when nothing matches one.
 */
export async function expandTarget(word: string): Promise<string[]> {
  if (word === '-' || word.startsWith('hf:') || !PATTERN.test(word) || (await exists(word))) return [word];
  const found: string[] = [];
  for await (const path of glob(word)) found.push(path);
  if (found.length === 0) throw new BitorchError('SCAN_FAILED', `nothing matches ${word}`);
  return found.sort();
}

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );
