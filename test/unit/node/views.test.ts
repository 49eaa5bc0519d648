import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '#base';
import type { Model } from '../../../src/node/models/library.ts';
import type { KnownNode } from '../../../src/node/peers/directory.ts';
import { modelView } from '../../../src/node/peers/views.ts';
import type { ModelGuard } from '../../../src/node/security/model-guard.ts';

const LAYERS = 6;
const manifest = new Uint8Array(32).fill(7);

/** Whether a model is shown as available when nodes announce these blocks of it. */
function available(...ranges: ([number, number] | null)[]): boolean {
  const model = {
    id: toHex(manifest),
    manifest: {
      name: 'model',
      version: 1,
      licence: 'MIT',
      architecture: { layers: LAYERS, context: 64 },
      publisher: new Uint8Array(32),
    },
    metainfo: { infohash: new Uint8Array(20), length: 1 },
  } as unknown as Model;
  const holders = ranges.map((blocks) => ({
    holdings: [{ manifest, bytesHave: 1, bytesTotal: 1, blocks }],
  })) as unknown as KnownNode[];
  const guard = { clearance: { stateOf: () => 'cleared' } } as unknown as ModelGuard;
  return modelView(model, { holdersOf: () => holders }, guard).available;
}

test('a model is available when each of its blocks runs somewhere', () => {
  assert.ok(available([0, 6]));
  assert.ok(available([3, 6], [0, 2], [1, 4]));
  assert.ok(!available([0, 2], [3, 6]));
  assert.ok(!available([0, 5], null));
  assert.ok(!available());
});

test('ranges of blocks that the model does not have count for nothing', () => {
  assert.ok(!available([0, 7]));
  assert.ok(!available([0, 100_000]));
  assert.ok(!available([0, 3], [3, 7]));
  assert.ok(!available([4, 2], [0, 4]));
  assert.ok(available([0, 7], [0, 6]));
});
