/** A model on trial in the real sandbox: what is sound passes, what lies or is spoiled is named. */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { concat, toHex, utf8 } from '#base';
import type { Manifest } from '#distribution';
import { fileAccess } from '#formats';
import { runTrial, sandboxAvailability } from '#security';
import { uint64 } from '../../support/gguf-file.ts';
import { TINY_MODEL } from '../../support/network.ts';
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

/** The tiny model with many blocks, each tensor in a file of its own. */
async function inShards(folder: string, layers: number): Promise<void> {
  const file = await fileAccess(join(TINY_MODEL, 'model.safetensors'));
  const { manifest: whole } = await signedModel(TINY_MODEL);
  const { blocks, boundary, architecture } = whole;
  const repeated = Array.from({ length: layers }, (_, layer) =>
    blocks[layer % architecture.layers]!.tensors.map((tensor) => ({
      ...tensor,
      name: tensor.name.replace(/layers\.\d+\./, `layers.${layer}.`),
    })),
  );
  const map: Record<string, string> = {};
  for (const { name, type, shape, offset, bytes } of [...boundary.tensors, ...repeated.flat()]) {
    const header = utf8(JSON.stringify({ [name]: { dtype: type, shape, data_offsets: [0, bytes] } }));
    map[name] = `model-${Object.keys(map).length}.safetensors`;
    await writeFile(
      join(folder, map[name]),
      concat([uint64(header.length), header, await file.read(offset, bytes)]),
    );
  }
  await file.close();
  await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }));
  await rm(join(folder, 'model.safetensors'));
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
  await writeFile(join(folder, 'config.json'), JSON.stringify({ ...config, num_hidden_layers: layers }));
}

test('a model of more files than a process may open runs like any other', { skip }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bitorch-shards-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await cp(TINY_MODEL, folder, { recursive: true });
  await inShards(folder, 60);
  const sharded = await signedModel(folder);
  assert.ok(sharded.files.length > 540);
  assert.deepEqual((await runTrial(sharded, options)).faults, []);
});
