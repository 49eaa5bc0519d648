import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { builtInRuleset, type Examination, ExaminationCache, SCANNER_VERSION } from '#security';
import { tinyManifest } from '../../support/manifest.ts';
import { signed } from '../../support/signed-model.ts';

test('what was found of a torrent counts for its other manifests, and never for another torrent', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bitorch-examined-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const cache = new ExaminationCache(folder);
  const ruleset = await builtInRuleset();
  const found = {
    name: 'tiny',
    verdict: 'cleared',
    scanner: SCANNER_VERSION,
    ruleset: { id: ruleset.id, name: ruleset.name, version: ruleset.version },
  } as unknown as Examination;
  const fields = tinyManifest();
  await cache.keep(signed(fields), found);
  const known = async (more: Partial<typeof fields>) =>
    (await cache.find(signed({ ...fields, ...more }), ruleset)) !== undefined;
  assert.equal(await known({ name: 'tiny again', version: 9, licence: 'MIT' }), true);
  assert.equal(await known({ infohash: new Uint8Array(20).fill(9) }), false);
  assert.equal(await known({ pieceLength: 2 * fields.pieceLength }), false);
  assert.equal(await known({ chatTemplate: 'another' }), false);
});
