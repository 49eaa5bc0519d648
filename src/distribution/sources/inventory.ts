import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { check, fromHex, type OnProgress, toHex, writeFileAtomic, z, zCount } from '#base';
import { sha256File } from '../metainfo-create.ts';
import { checkPaths } from '../paths.ts';
import type { SourceFile } from './source.ts';

const knownSchema = z.array(
  z.strictObject({
    path: z.string(),
    size: zCount,
    modifiedMs: z.number(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  }),
);
type Known = z.infer<typeof knownSchema>;

/**
 * Sizes and SHA-256 hashes of files. Earlier hashes, stored in `record`, are reused while size and modification time are
 * unchanged.
 */
export async function takeInventory(
  directory: string,
  paths: readonly string[],
  record: string,
  { onProgress, signal }: { onProgress?: OnProgress; signal?: AbortSignal },
): Promise<SourceFile[]> {
  checkPaths(paths);
  const earlier = new Map((await readKnown(record)).map((file) => [file.path, file]));
  const stats = await Promise.all(paths.map((path) => stat(join(directory, path))));
  const total = stats.reduce((sum, { size }) => sum + size, 0);
  const known: Known = [];
  let hashed = 0;
  for (const [n, path] of paths.entries()) {
    const { size, mtimeMs: modifiedMs } = stats[n]!;
    const before = earlier.get(path);
    const isUnchanged = before?.size === size && before.modifiedMs === modifiedMs;
    const report = (done: number) =>
      onProgress?.({ step: 'hashing files', done: hashed + done, total, unit: 'bytes' });
    const sha256 = isUnchanged
      ? before.sha256
      : toHex(await sha256File(join(directory, path), size, report, signal));
    known.push({ path, size, modifiedMs, sha256 });
    hashed += size;
  }
  await writeFileAtomic(record, JSON.stringify(known));
  return known.map(({ path, size, sha256 }) => ({ path, size, sha256: fromHex(sha256) }));
}

async function readKnown(record: string): Promise<Known> {
  try {
    return check(knownSchema, JSON.parse(await readFile(record, 'utf8')), 'inventory');
  } catch {
    // No record, or a damaged one: the files are hashed again.
    return [];
  }
}
