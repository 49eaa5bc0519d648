import { readFile } from 'node:fs/promises';
import { fromHex } from '#base';
import { openRuleset, type Ruleset } from './ruleset.ts';

/** Ed25519 public keys whose rulesets this release accepts. */
export const RULESET_AUTHORITIES: readonly Uint8Array[] = [
  fromHex('bc6749537b160e1b9eb328dbb252491f38afd3a6d174e185e6b427438a9d43b6'),
];

let file: Promise<Uint8Array> | undefined;
let builtIn: Promise<Ruleset> | undefined;

/** The signed ruleset that ships with the program. */
export function builtInFile(): Promise<Uint8Array> {
  file ??= readFile(new URL('ruleset.signed', import.meta.url)).then((bytes) => new Uint8Array(bytes));
  return file;
}

/** The ruleset that ships with the program, with its signature verified. */
export function builtInRuleset(): Promise<Ruleset> {
  builtIn ??= builtInFile().then((bytes) => openRuleset(bytes, RULESET_AUTHORITIES));
  return builtIn;
}
