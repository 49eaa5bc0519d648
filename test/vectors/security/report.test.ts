import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fromHex, toHex } from '#base';
import { inBuffer } from '#formats';
import { builtInRuleset, decodeReport, encodeReport, reportHash, scan } from '#security';

interface Vector {
  ruleset: string;
  files: { path: string; hex: string }[];
  cbor: string;
  hash: string;
}
const vector: Vector = JSON.parse(readFileSync(new URL('report.json', import.meta.url), 'utf8'));

test('scanning the files of the vector gives its bytes and its hash', async () => {
  const files = vector.files.map(({ path, hex }) => ({ path, source: inBuffer(fromHex(hex)) }));
  // The vector's findings do not hang on the edition of the ruleset, its id does.
  const report = { ...(await scan(files, await builtInRuleset())), ruleset: fromHex(vector.ruleset) };
  assert.equal(toHex(encodeReport(report)), vector.cbor);
  assert.equal(toHex(reportHash(report)), vector.hash);
});

test('the vector’s bytes are read back, and no others', () => {
  const report = decodeReport(fromHex(vector.cbor));
  assert.equal(report.verdict, 'refused');
  assert.deepEqual(
    report.files.map(({ path, kind }) => [path, kind]),
    [
      ['README.md', 'text'],
      ['config.json', 'json'],
      ['model.pkl', 'pickle'],
      ['model.safetensors', 'safetensors'],
    ],
  );
  assert.throws(() => decodeReport(fromHex(`${vector.cbor}00`)), { code: 'CODEC_INVALID' });
});
