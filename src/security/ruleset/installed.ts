import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, writeFileAtomic } from '#base';
import { rulesetInvalid } from '../errors.ts';
import { builtInRuleset, RULESET_AUTHORITIES } from './built-in.ts';
import { openRuleset, type Ruleset } from './ruleset.ts';

/** Where an update of the rules lies in a node's data directory. */
export const rulesetPath = (home: string): string => join(home, 'security', 'ruleset.signed');

/**
 * The newest of the ruleset that comes with the program and the one that was installed in a data directory. `trusted`:
 * public keys whose rulesets count beside the program's own.
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

/** Installs a signed ruleset. Throws RULESET_INVALID unless it is signed by an authority and newer than the current one. */
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
