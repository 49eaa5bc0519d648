import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BitorchError, check, codeOf, messageOf, parseJson, readTextFile, writeFileAtomic, z } from '#base';

export const configPath = (home: string): string => join(home, 'config.json');

/** The fields of config.json; none when there is no such file. Throws CONFIG_INVALID. */
export async function readConfig(home: string): Promise<Record<string, unknown>> {
  const path = configPath(home);
  try {
    return check(z.record(z.string(), z.unknown()), parseJson(await readTextFile(path)), 'the file');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return {};
    throw new BitorchError('CONFIG_INVALID', `${path} cannot be read: ${messageOf(error)}`);
  }
}

/**
 * Changes fields of config.json and keeps all others; null removes a field, undefined keeps it. The file may hold a password, so a new one is readable
 * by its owner only. Throws CONFIG_INVALID, DISK_FULL; the file is unchanged then.
 */
export async function changeConfig(home: string, changes: Readonly<Record<string, unknown>>): Promise<void> {
  const path = configPath(home);
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  const all = { ...(await readConfig(home)), ...Object.fromEntries(given) };
  const kept = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
  const mode = await stat(path).then(
    (found) => found.mode & 0o777,
    () => 0o600,
  );
  await writeFileAtomic(path, `${JSON.stringify(kept, null, 2)}\n`, mode);
}
