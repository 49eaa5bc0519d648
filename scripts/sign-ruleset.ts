/**
 * Signs src/security/ruleset/ruleset.json: `node scripts/sign-ruleset.ts SEED-FILE [IN.json OUT.signed]`. The seed is 32 bytes
 * in hexadecimal; whoever has it speaks for the rulesets of this edition, so it lies outside of the repository.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fromHex, toHex } from '#base';
import { SigningKey } from '#crypto';
import { openRuleset, signRuleset } from '#security';

const HERE = 'src/security/ruleset/ruleset';
const [seedFile, input = `${HERE}.json`, output = `${HERE}.signed`] = process.argv.slice(2);
if (!seedFile) throw new Error('give the file of the seed: node scripts/sign-ruleset.ts SEED-FILE');

const key = new SigningKey(fromHex(readFileSync(seedFile, 'utf8').trim()));
const signed = signRuleset(JSON.parse(readFileSync(input, 'utf8')), key);
writeFileSync(output, signed);
const { name, version, id } = openRuleset(signed, [key.publicKey]);
process.stdout.write(`${output}: ${name} ${version}, id ${toHex(id)}, signed by ${toHex(key.publicKey)}\n`);
