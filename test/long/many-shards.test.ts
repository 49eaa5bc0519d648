import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FilePool } from '#formats';
import { builtInRuleset, examine, sandboxAvailability, Yara } from '#security';
import { writeShardedModel } from '../support/sharded-model.ts';
import { signedModel } from '../support/signed-model.ts';
import { afterwards, temporaryDirectory } from '../support/swarm.ts';

const sandbox = await sandboxAvailability();

test('a model of ten thousand shards is scanned, run in the sandbox and cleared', {
  skip: sandbox.available ? false : `no sandbox: ${sandbox.reason}`,
}, async (t) => {
  const folder = await temporaryDirectory(t);
  await writeShardedModel(folder, 1000);
  const { manifest, directory } = await signedModel(folder);
  assert.ok(manifest.files.length > 10_000);
  const pool = new FilePool();
  afterwards(t, () => pool.close());
  const files = await pool.folder(
    directory,
    manifest.files.map(({ path }) => path),
  );
  const { examination, report } = await examine(
    { manifest, files, directory },
    {
      ruleset: await builtInRuleset(),
      engines: [new Yara()],
      onProgress: () => undefined,
      signal: AbortSignal.timeout(600_000),
    },
  );
  assert.deepEqual([examination.verdict, examination.reasons], ['cleared', []]);
  assert.equal(examination.trial.state, 'passed');
  assert.equal(report.files.length, manifest.files.length);
});
