import { readFile } from 'node:fs/promises';
import { BitorchError, codeOf, encodeCanonical, fromHex, messageOf, parseJson, textOf } from '#base';
import { RULESET_AUTHORITIES } from './built-in.ts';
import { openRuleset, parseRulesetFields, type Ruleset, rulesetId } from './ruleset.ts';

/**
 * A ruleset from a file: signed by an authority of this edition or by `signer` (public key in hexadecimal), or a readable
 * .json of one's own, which nobody needs to sign. Throws RULESET_INVALID and what openRuleset() throws.
 */
export async function loadRuleset(path: string, signer?: string): Promise<Ruleset> {
  const file = await readFile(path).catch((error) => {
    const why = codeOf(error) === 'ENOENT' ? 'does not exist' : `cannot be read: ${messageOf(error)}`;
    throw new BitorchError('RULESET_INVALID', `the ruleset ${path} ${why}`);
  });
  if (!path.endsWith('.json')) {
    const trusted = signer === undefined ? RULESET_AUTHORITIES : [fromHex(signer)];
    return openRuleset(new Uint8Array(file), trusted);
  }
  let parsed: unknown;
  try {
    parsed = parseJson(textOf(file));
  } catch (error) {
    throw new BitorchError('RULESET_INVALID', `the ruleset ${path} cannot be read: ${messageOf(error)}`);
  }
  const fields = parseRulesetFields(parsed);
  return { ...fields, id: rulesetId(encodeCanonical(fields)), signer: new Uint8Array(32) };
}
