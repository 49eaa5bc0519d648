import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadSample, trial } from '../../../src/execution/engine/self-check.ts';

const skip = process.platform === 'linux' ? false : 'threads keep their cores on Linux only';
const SCRIPT = join(import.meta.dirname, '../../support/pinned-engine.ts');

test('pinned threads keep a core each, and compute the same bits', { skip }, async () => {
  const threads = Math.min(2, availableParallelism());
  const { stdout, stderr } = spawnSync(process.execPath, [SCRIPT, String(threads)], { encoding: 'utf8' });
  assert.equal(stderr, '');
  const { hash, cores } = JSON.parse(stdout) as { hash: string; cores: string[] };
  const kept = new Set(cores.filter((list) => /^\d+$/.test(list)));
  assert.equal(kept.size, threads);
  assert.ok(kept.has(cores[0]!));

  const stage = await loadSample({}, { threads });
  assert.equal(hash, await trial(stage));
  await stage.stop();
});

test('more pinned threads than cores are refused', { skip }, async () => {
  await assert.rejects(loadSample({}, { threads: availableParallelism() + 1, pin: 0 }), {
    code: 'PIN_UNAVAILABLE',
  });
});
