/** Words of security nodes with their reports: their bytes, and which of them may stand. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fromHex, toHex } from '#base';
import { SigningKey } from '#crypto';
import { type Attestation, contradictions, openReport, sealAttestation } from '#security';
import { openAttestation } from '../../../src/security/clearance/attestation.ts';

type Written = Omit<Attestation, 'manifest' | 'report' | 'ruleset'> & {
  manifest: string;
  report: string;
  ruleset: { id: string; name: string; version: number };
};
const vector: {
  seed: string;
  authority: string;
  cases: { name: string; stands: boolean; attestation: Written; report: string; sealed: string }[];
} = JSON.parse(readFileSync(new URL('attestations.json', import.meta.url), 'utf8'));

const read = ({ manifest, report, ruleset, ...rest }: Written): Attestation => ({
  ...rest,
  manifest: fromHex(manifest),
  report: fromHex(report),
  ruleset: { ...ruleset, id: fromHex(ruleset.id) },
});

for (const { name, stands, attestation, report, sealed } of vector.cases) {
  test(`${name}: these bytes, and it ${stands ? 'stands' : 'contradicts its report'}`, () => {
    const word = read(attestation);
    const { authority, seed } = vector;
    assert.equal(toHex(sealAttestation(word, new SigningKey(fromHex(seed))).sealed), sealed);
    assert.deepEqual(openAttestation({ authority, sealed: fromHex(sealed) }), word);
    const opened = openReport(fromHex(report), word.report);
    assert.equal(contradictions(word, opened).length === 0, stands);
  });
}
