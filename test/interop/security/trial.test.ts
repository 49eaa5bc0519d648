/** A model on trial in the real sandbox: what is sound passes, what lies or is spoiled is named. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { toHex } from '#base';
import type { Manifest } from '#distribution';
import { runTrial, sandboxAvailability } from '#security';
import { TINY_MODEL } from '../../support/network.ts';
import { writeShardedModel } from '../../support/sharded-model.ts';
import { signedModel } from '../../support/signed-model.ts';

const state = await sandboxAvailability();
const skip = state.available ? false : `no sandbox: ${state.reason}`;
const options = { onProgress: () => undefined, signal: AbortSignal.timeout(120_000) };

let manifest: Manifest;
before(async () => {
  ({ manifest } = await signedModel(TINY_MODEL));
});

test('a sound model passes, with the same logits each time, one process and no socket', {
  skip,
}, async () => {
  const first = await runTrial({ manifest, directory: TINY_MODEL }, options);
  const second = await runTrial({ manifest, directory: TINY_MODEL }, options);
  assert.deepEqual([first.faults, second.faults], [[], []]);
  assert.equal(toHex(first.result!.logitsHash), toHex(second.result!.logitsHash));
  assert.deepEqual([first.usage.processes, first.usage.sockets], [1, 0]);
});

test('a manifest that lies about a block is caught', { skip }, async () => {
  const blocks = manifest.blocks.map((block, i) =>
    i === 1 ? { ...block, golden: new Uint8Array(32) } : block,
  );
  const { faults } = await runTrial({ manifest: { ...manifest, blocks }, directory: TINY_MODEL }, options);
  assert.deepEqual(
    faults.map(({ code }) => code),
    ['GOLDEN_MISMATCH'],
  );
  assert.match(faults[0]!.message, /^Block 1 /);
});

test('a template that drops the question and an architecture that does not fit are caught', {
  skip,
}, async () => {
  const broken = { ...manifest, chatTemplate: '{{ messages[0].role }}' };
  const template = await runTrial({ manifest: broken, directory: TINY_MODEL }, options);
  assert.ok(
    template.faults.some(({ code, message }) => code === 'TRIAL_OUTPUT' && /every prompt/.test(message)),
  );
  const architecture = { ...manifest.architecture, hidden: manifest.architecture.hidden * 2 };
  const shape = await runTrial({ manifest: { ...manifest, architecture }, directory: TINY_MODEL }, options);
  assert.deepEqual(
    shape.faults.map(({ code }) => code),
    ['TRIAL_REFUSED'],
  );
  assert.match(shape.faults[0]!.message, /the architecture requires/);
});

test('a model of more files than a process may open runs like any other', { skip }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bitorch-shards-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeShardedModel(folder, 60);
  const sharded = await signedModel(folder);
  assert.ok(sharded.files.length > 540);
  assert.deepEqual((await runTrial(sharded, options)).faults, []);
});
