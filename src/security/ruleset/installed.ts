import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, writeFileAtomic } from '#base';
import { rulesetInvalid } from '../errors.ts';
import { builtInRuleset, RULESET_AUTHORITIES } from './built-in.ts';
import { openRuleset, type Ruleset } from './ruleset.ts';

/** Path of an installed ruleset in a node's data directory. */
export const rulesetPath = (home: string): string => join(home, 'security', 'ruleset.signed');

/**
 * Returns the newer of the built-in ruleset and the one installed in a data directory. `trusted`: public keys
 * accepted beside the program's own. Throws like openRuleset() for a bad file, and file system errors.
 */
export async function currentRuleset(home: string, trusted: readonly Uint8Array[] = []): Promise<Ruleset> {
  const builtIn = await builtInRuleset();
  const file = await readFile(rulesetPath(home)).catch((error) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return builtIn;
  const installed = openRuleset(new Uint8Array(file), [...RULESET_AUTHORITIES, ...trusted]);
  return installed.version > builtIn.version ? installed : builtIn;
}

/**
 * Installs a signed ruleset. Throws RULESET_INVALID when its signer is not trusted or it is not newer than the
 * current one, and like openRuleset() for a bad file.
 */
export async function installRuleset(
  home: string,
  file: Uint8Array,
  trusted: readonly Uint8Array[] = [],
): Promise<Ruleset> {
  const ruleset = openRuleset(file, [...RULESET_AUTHORITIES, ...trusted]);
  const current = await currentRuleset(home, trusted);
  if (ruleset.version <= current.version) {
    throw rulesetInvalid(`version ${ruleset.version} is not newer than ${current.version}, which is in use`);
  }
  await writeFileAtomic(rulesetPath(home), file);
  return ruleset;
}
