import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { toHex } from '#base';
import { inBuffer } from '#formats';
import { builtInRuleset, SCANNER_VERSION, scan } from '#security';
import { scannerSamples } from '../../support/scanner-samples.ts';

/** What one version of the scanner says of the samples, under one ruleset. */
interface Recorded {
  readonly scanner: number;
  readonly ruleset: string;
  /** SHA-256 of the samples. */
  readonly samples: string;
  /** SHA-256 of the findings. */
  readonly findings: string;
}

const recorded: Recorded = JSON.parse(readFileSync(new URL('verdicts.json', import.meta.url), 'utf8'));

test('findings do not change without a new version of the scanner', async () => {
  const ruleset = await builtInRuleset();
  const [samples, findings] = [createHash('sha256'), createHash('sha256')];
  for (const files of scannerSamples()) {
    for (const { path, bytes } of files) samples.update(`${path}\0${bytes.length}\0`).update(bytes);
    const opened = files.map(({ path, bytes }) => ({ path, source: inBuffer(bytes) }));
    const report = await scan(opened, ruleset);
    findings.update(JSON.stringify(report.files.map((file) => [file.path, file.kind, file.findings])));
  }
  const found: Recorded = {
    scanner: SCANNER_VERSION,
    ruleset: toHex(ruleset.id),
    samples: samples.digest('hex'),
    findings: findings.digest('hex'),
  };
  const comparable = found.samples === recorded.samples && found.ruleset === recorded.ruleset;
  if (comparable && found.findings !== recorded.findings)
    assert.notEqual(
      found.scanner,
      recorded.scanner,
      'a finding changed: raise SCANNER_VERSION in src/security/report.ts, then record it in verdicts.json',
    );
  assert.deepEqual(recorded, found, `record this in verdicts.json:\n${JSON.stringify(found, null, 2)}`);
});
