import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Manifest } from '#distribution';
import {
  type Attestation,
  contradictions,
  encodeReport,
  type FileReport,
  openReport,
  type Report,
  reportHash,
} from '#security';
import { attestationFields, authority } from '../../support/attestation.ts';

const alice = await authority(1);
const file = (path: string, more: Partial<FileReport> = {}): FileReport => ({
  path,
  size: 5,
  sha256: new Uint8Array(32).fill(path.length),
  kind: 'json',
  findings: [],
  omitted: 0,
  ...more,
});
const clean: Report = {
  format: 1,
  scanner: 1,
  ruleset: new Uint8Array(32).fill(4),
  verdict: 'clean',
  files: [file('a.json'), file('bb.json')],
};
const word = (report: Report, more: Partial<Attestation> = {}): Attestation => ({
  ...attestationFields(alice),
  report: reportHash(report),
  ruleset: { id: report.ruleset, name: 'x', version: 1 },
  scanner: report.scanner,
  files: report.files.length,
  bytes: report.files.reduce((sum, { size }) => sum + size, 0),
  ...more,
});
const manifest = {
  files: clean.files.map(({ path, size, sha256 }) => ({ path, size, sha256 })),
} as unknown as Manifest;

test('a word that says what its report says stands', () => {
  assert.deepEqual(contradictions(word(clean), clean, manifest), []);
});

test('what was not read, not by these rules, or of another size, contradicts', () => {
  const says = (more: Partial<Attestation>) => contradictions(word(clean, more), clean, manifest).join();
  assert.match(says({ ruleset: { id: new Uint8Array(32), name: 'x', version: 1 } }), /another ruleset/);
  assert.match(says({ scanner: 2 }), /another scanner/);
  assert.match(says({ files: 3 }), /2 files with 10 bytes/);
  assert.match(says({ bytes: 11 }), /2 files with 10 bytes/);
});

test('a clearance of what the report refuses, or of other files, contradicts', () => {
  const finding = { rule: 'remote-code', severity: 'high', place: 'auto_map', detail: 'x' } as const;
  const refused: Report = {
    ...clean,
    verdict: 'refused',
    files: [file('a.json', { findings: [finding] }), file('bb.json')],
  };
  assert.match(contradictions(word(refused), refused, manifest).join(), /clears what its report refuses/);
  assert.match(contradictions(word(refused), { ...refused, verdict: 'clean' }).join(), /does not follow/);
  const other: Report = { ...clean, files: [file('a.json'), file('cc.json', { size: 5 })] };
  assert.match(contradictions(word(other), other, manifest).join(), /other files than the manifest/);
  assert.deepEqual(contradictions(word(other), other), []);
});

test('a reason that the report does not have is invented', () => {
  const reason = {
    source: 'scanner',
    rule: 'pickle',
    severity: 'high',
    title: 't',
    why: 'w',
    fix: 'f',
    file: 'a.json',
    place: '',
    detail: '',
  } as const;
  const bad = word(clean, { verdict: 'quarantined', reasons: [reason] });
  assert.match(contradictions(bad, clean).join(), /no pickle in a\.json/);
  const mismatch = { ...reason, source: 'manifest', rule: 'FILE_HASH_MISMATCH' };
  assert.deepEqual(contradictions(word(clean, { verdict: 'quarantined', reasons: [mismatch] }), clean), []);
});

test('a report is opened by its hash only', () => {
  const bytes = encodeReport(clean);
  assert.deepEqual(openReport(bytes, reportHash(clean)), clean);
  const changed = Uint8Array.from(bytes);
  changed[20]! ^= 1;
  assert.throws(() => openReport(changed, reportHash(clean)), { code: 'REPORT_INVALID' });
});
