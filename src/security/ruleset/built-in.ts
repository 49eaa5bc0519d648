import { readFile } from 'node:fs/promises';
import { fromHex } from '#base';
import { openRuleset, type Ruleset } from './ruleset.ts';

/** Whose rulesets this edition takes (Ed25519 public keys). */
export const RULESET_AUTHORITIES: readonly Uint8Array[] = [
  fromHex('453c3a97a0baef57b3ebf3a28ff37c4d6106a22ec7cdce66701174ed5befc7e3'),
];

let builtIn: Promise<Ruleset> | undefined;

/** The ruleset that comes with the program, its signature checked. */
export function builtInRuleset(): Promise<Ruleset> {
  builtIn ??= readFile(new URL('ruleset.signed', import.meta.url)).then((file) =>
    openRuleset(new Uint8Array(file), RULESET_AUTHORITIES),
  );
  return builtIn;
}
