import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BitorchError } from '#base';
import { SigningKey } from '#crypto';
import { openManifest, signManifest } from '#distribution';
import type { Ending, SandboxOutcome } from '../../../src/security/sandbox/index.ts';
import { FrameReader } from '../../../src/security/trial/frame-reader.ts';
import { encodeFrame, type TrialFrame } from '../../../src/security/trial/messages.ts';
import { trialTimeMs, verdictOf } from '../../../src/security/trial/trial.ts';
import { tinyManifest } from '../../support/manifest.ts';

const manifest = openManifest(signManifest(tinyManifest(), SigningKey.generate()));
const usage = { timeMs: 1, cpuMs: 1, peakMemoryBytes: 1, processes: 1, threads: 1, files: [], sockets: 0 };
const ended = (ending: Ending, exitCode: number | null = null): SandboxOutcome => ({
  ending,
  exitCode,
  output: new Uint8Array(),
  errors: 'Error: EMFILE: too many open files',
  usage,
});
function frames(...told: TrialFrame[]): FrameReader {
  const reader = new FrameReader(() => undefined);
  for (const frame of told) reader.add(encodeFrame(frame));
  return reader;
}

const ENDINGS: [Ending, number | null][] = [
  ...([0, 1, 2, 7, 86, 125, 126, 127, 137, 255] as const).map((code): [Ending, number] => ['exited', code]),
  ...(['killed', 'forbidden-call', 'time', 'memory', 'processes', 'output'] as const).map(
    (ending): [Ending, null] => [ending, null],
  ),
];
const CODES = [
  'EMFILE',
  'ENFILE',
  'ENOENT',
  'EACCES',
  'ENOMEM',
  'EIO',
  'SANDBOX_UNAVAILABLE',
  'SANDBOX_FAILED',
  'UNKNOWN',
  '',
];

test('however the run of a model ends, it speaks for or against the model', () => {
  for (const [ending, code] of ENDINGS) {
    const { faults } = verdictOf(manifest, ended(ending, code), frames({ type: 'ready' }));
    assert.equal(faults.length, 1, `${ending} ${code}`);
  }
  for (const code of CODES) {
    const told = frames({ type: 'ready' }, { type: 'failure', code, message: 'too many open files' });
    assert.equal(verdictOf(manifest, ended('exited', 1), told).faults.length, 1, code);
  }
});

test('what goes wrong before a byte of the model was interpreted speaks against the sandbox', () => {
  for (const [ending, code] of ENDINGS)
    assert.throws(
      () => verdictOf(manifest, ended(ending, code), frames()),
      (error) => error instanceof BitorchError && error.code === 'SANDBOX_FAILED',
    );
});

test('a model has time in proportion to its bytes, files and blocks', () => {
  const model = (files: number, blocks: number) => ({
    files: Array.from({ length: files }, () => ({ ...manifest.files[0]!, size: 2_000 })),
    blocks: Array.from({ length: blocks }, () => manifest.blocks[0]!),
  });
  assert.equal(trialTimeMs(model(10, 2)), 30_000 + 1 + 100 + 100);
  assert.equal(trialTimeMs(model(10_000, 1_000)), 30_000 + 1_000 + 100_000 + 50_000);
});
