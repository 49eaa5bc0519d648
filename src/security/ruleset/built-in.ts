import { readFile } from 'node:fs/promises';
import { fromHex } from '#base';
import { openRuleset, type Ruleset } from './ruleset.ts';

/** Whose rulesets this edition takes (Ed25519 public keys). */
export const RULESET_AUTHORITIES: readonly Uint8Array[] = [
  fromHex('dc1983808142d7290320c877ca351fb68f3ebad76e775204968309f0c5051c31'),
];

let builtIn: Promise<Ruleset> | undefined;

/** The ruleset that comes with the program, its signature checked. */
export function builtInRuleset(): Promise<Ruleset> {
  builtIn ??= readFile(new URL('ruleset.signed', import.meta.url)).then((file) =>
    openRuleset(new Uint8Array(file), RULESET_AUTHORITIES),
  );
  return builtIn;
}
