import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { encodeCanonical } from '#base';
import { SigningKey } from '#crypto';
import { builtInRuleset, openRuleset, parseRulesetFields, signRuleset } from '#security';

const fields = () =>
  JSON.parse(readFileSync(new URL('../../../src/security/ruleset/ruleset.json', import.meta.url), 'utf8'));

test('the ruleset that comes along says what its readable source says', async () => {
  const { id: _, signer: __, ...said } = await builtInRuleset();
  assert.deepEqual(
    encodeCanonical(said),
    encodeCanonical(fields()),
    'sign it again: scripts/sign-ruleset.ts',
  );
});

test('a ruleset counts only when somebody trusted signed it, to the last bit', () => {
  const key = SigningKey.generate();
  const signed = signRuleset(fields(), key);
  assert.equal(openRuleset(signed, [key.publicKey]).version, fields().version);
  assert.throws(() => openRuleset(signed, [SigningKey.generate().publicKey]), { code: 'RULESET_INVALID' });
  const changed = Uint8Array.from(signed);
  changed[signed.length - 5]! ^= 1;
  assert.throws(() => openRuleset(changed, [key.publicKey]));
  const other = Uint8Array.from(signed);
  other[40]! ^= 1;
  assert.throws(() => openRuleset(other, [key.publicKey]), { code: 'SIGNATURE_INVALID' });
});

test('a rule may not be missing', () => {
  const { rules, ...rest } = fields();
  const { pickle: _, ...fewer } = rules;
  assert.throws(() => parseRulesetFields({ ...rest, rules: fewer }), { code: 'SCHEMA_INVALID' });
});
