/** A model on trial in the real sandbox: what is sound passes, what lies or is spoiled is named. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { toHex } from '#base';
import { SigningKey } from '#crypto';
import { createMetainfo, type Manifest, openManifest, openSource, signManifest } from '#distribution';
import { arrangeBlocks, Stage } from '#execution';
import { describeModel, fileAccess } from '#formats';
import { sandboxAvailability, tryInSandbox } from '#security';
import { TINY_MODEL } from '../../support/network.ts';

const state = await sandboxAvailability();
const skip = state.available ? false : `no sandbox: ${state.reason}`;
const options = { onProgress: () => undefined, signal: AbortSignal.timeout(120_000) };

let manifest: Manifest;
before(async () => {
  const source = await openSource(TINY_MODEL, { cache: join(TINY_MODEL, '../../../../.data/cache') });
  const files = await Promise.all(
    source.files.map(async ({ path }) => ({ path, source: await fileAccess(join(source.directory, path)) })),
  );
  const { architecture, tensors, headerRanges, tokenizer, chatTemplate } = await describeModel(files);
  const { blocks, boundary } = arrangeBlocks(architecture, tensors);
  const read = (file: string) => files.find(({ path }) => path === file)!.source;
  const stage = await Stage.load({
    architecture,
    first: 0,
    end: architecture.layers,
    blocks,
    read: (tensor) => read(tensor.file).read(tensor.offset, tensor.bytes),
    slots: 1,
    context: 32,
  });
  const golden = await stage.goldenHashes();
  await stage.stop();
  const paths = source.files.map(({ path }) => path);
  const metainfo = await createMetainfo({
    directory: source.directory,
    files: paths,
    name: 'tiny',
    trackers: [],
  });
  const fields = {
    name: 'tiny',
    version: 1,
    licence: 'unknown',
    architecture,
    files: source.files.map(({ path, size, sha256 }) => ({ path, size, sha256 })),
    infohash: metainfo.infohash,
    pieceLength: metainfo.pieceLength,
    boundary: { tensors: boundary, ranges: headerRanges },
    blocks: blocks.map((block, i) => ({ tensors: block, golden: golden[i]! })),
    tokenizer,
    chatTemplate,
  };
  manifest = openManifest(signManifest(fields, SigningKey.generate()));
  for (const file of files) await file.source.close();
});

test('a sound model passes, with the same logits each time, one process and no socket', {
  skip,
}, async () => {
  const first = await tryInSandbox({ manifest, directory: TINY_MODEL }, options);
  const second = await tryInSandbox({ manifest, directory: TINY_MODEL }, options);
  assert.deepEqual([first.faults, second.faults], [[], []]);
  assert.equal(toHex(first.result!.logitsHash), toHex(second.result!.logitsHash));
  assert.deepEqual([first.usage.processes, first.usage.sockets], [1, 0]);
});

test('a manifest that lies about a block is caught', { skip }, async () => {
  const blocks = manifest.blocks.map((block, i) =>
    i === 1 ? { ...block, golden: new Uint8Array(32) } : block,
  );
  const { faults } = await tryInSandbox(
    { manifest: { ...manifest, blocks }, directory: TINY_MODEL },
    options,
  );
  assert.deepEqual(
    faults.map(({ code }) => code),
    ['GOLDEN_MISMATCH'],
  );
  assert.match(faults[0]!.message, /^Block 1 /);
});

test('a template that drops the question and an architecture that does not fit are caught', {
  skip,
}, async () => {
  const broken = { ...manifest, chatTemplate: '{{ messages.nothing.at.all }}' };
  const template = await tryInSandbox({ manifest: broken, directory: TINY_MODEL }, options);
  assert.ok(
    template.faults.some(({ code, message }) => code === 'TRIAL_OUTPUT' && /every prompt/.test(message)),
  );
  const architecture = { ...manifest.architecture, hidden: manifest.architecture.hidden * 2 };
  const shape = await tryInSandbox(
    { manifest: { ...manifest, architecture }, directory: TINY_MODEL },
    options,
  );
  assert.deepEqual(
    shape.faults.map(({ code }) => code),
    ['TRIAL_REFUSED'],
  );
  assert.match(shape.faults[0]!.message, /the architecture says/);
});
