import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findFaults, formatReport, type Outcome, type Trial } from '../../../scripts/poc/report.ts';

const BYTES = 1_000_000;
const HASHES = new Map([['model.gguf', 'aa'.repeat(32)]]);

function outcome(service: string, sources: Record<string, number>, changes: Partial<Outcome> = {}): Outcome {
  const peers = Object.entries(sources).map(([name, downloaded]) => ({
    nodeId: name,
    name,
    downloaded,
    uploaded: 0,
  }));
  const have = {
    ...{ bytesHave: BYTES, bytesTotal: BYTES, bytesWanted: BYTES, bytesWantedHave: BYTES },
    verified: true,
  };
  const rates = { downBytesPerSecond: 0, upBytesPerSecond: 0 };
  return {
    service,
    transfer: { modelId: 'm', infohash: 'i', name: 'model', ...have, ...rates, peers },
    hashes: HASHES,
    ...changes,
  };
}

const trial = (...leechers: Outcome[]): Trial => ({
  model: 'model',
  bytes: BYTES,
  expected: HASHES,
  seeder: outcome('seeder', {}),
  leechers,
});

const first = outcome('leecher-1', { seeder: 600_000, 'leecher-2': 400_000 });
const second = outcome('leecher-2', { seeder: 1_000_000 });

test('finds no fault when every copy is right and leechers fetched from each other', () => {
  assert.deepEqual(findFaults(trial(first, second)), []);
});

test('a copy that differs or is missing is a fault', () => {
  const differs = { ...second, hashes: new Map([['model.gguf', 'bb'.repeat(32)]]) };
  assert.match(findFaults(trial(first, differs)).join(), /leecher-2: model.gguf has SHA-256 bbbb/);
  const missing = { ...second, hashes: new Map<string, string>() };
  assert.match(findFaults(trial(first, missing)).join(), /leecher-2: model.gguf has SHA-256 none/);
});

test('an incomplete copy, an unverified one and another model are faults', () => {
  const incomplete = { ...second, transfer: { ...second.transfer, bytesHave: 999_999 } };
  assert.deepEqual(findFaults(trial(first, incomplete)), ['leecher-2 holds 999999 of 1000000 bytes']);
  const unverified = { ...second, transfer: { ...second.transfer, verified: false } };
  assert.deepEqual(findFaults(trial(first, unverified)), [
    'leecher-2 has not verified its files against the manifest',
  ]);
  const other = { ...second, transfer: { ...second.transfer, modelId: 'x' } };
  assert.deepEqual(findFaults(trial(first, other)), ['leecher-2 holds another model']);
});

test('bytes from nobody of the trial are a fault', () => {
  const stranger = outcome('leecher-2', { seeder: 400_000, '10.0.0.9:6881': 600_000 });
  assert.deepEqual(findFaults(trial(first, stranger)), [
    'leecher-2 names the sources of 400000 of its 1000000 bytes only',
  ]);
});

test('a seeder that served everybody alone is a fault', () => {
  const alone = [outcome('leecher-1', { seeder: BYTES }), second];
  assert.match(findFaults(trial(...alone)).join(), /got nothing from each other/);
});

test('the report names bytes, sources, times and hashes', () => {
  const text = formatReport(trial({ ...first, seconds: 1.25 }, second));
  assert.match(text, /leecher-1 +1\.0 MB +1\.3 s +0\.0 MB +0\.6 MB from seeder, 0\.4 MB from leecher-2/);
  assert.match(text, /(aa){32} {2}model\.gguf: the same in 3 of 3 containers and at the source/);
});
