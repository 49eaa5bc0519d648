import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeCanonical, encodeCanonical } from '#base';
import { SigningKey } from '#crypto';
import { blockRanges, boundaryRanges, type ManifestFields, openManifest, signManifest } from '#distribution';
import { tinyManifest } from '../../support/manifest.ts';

const key = new SigningKey(new Uint8Array(32).fill(9));

test('what is signed is what is opened, and each part has its ranges', () => {
  const fields = tinyManifest();
  const manifest = openManifest(signManifest(fields, key));
  assert.deepEqual(manifest, { ...fields, format: 1, arithmetic: 1, publisher: key.publicKey });
  assert.deepEqual(blockRanges(manifest, 1, 2), [
    { file: 'tiny.gguf', offset: 20_000, length: 640 },
    { file: 'tiny.gguf', offset: 20_640, length: 640 },
  ]);
  assert.deepEqual(boundaryRanges(manifest), [
    { file: 'tiny.gguf', offset: 0, length: 1000 },
    { file: 'tiny.gguf', offset: 2000, length: 640 },
  ]);
});

test('another key, another content, or a signature for another purpose is refused', () => {
  const sealed = signManifest(tinyManifest(), key);
  const { manifest, signature } = decodeCanonical(sealed, 1 << 20) as Record<string, Uint8Array>;
  const other = SigningKey.generate();
  const forge = (over: object) => encodeCanonical({ manifest, signature, ...over });
  for (const forged of [
    forge({ signature: other.sign('manifest', manifest!) }),
    forge({ signature: key.sign('receipt', manifest!) }),
    forge({ manifest: encodeCanonical({ ...(decodeCanonical(manifest!, 1 << 20) as object), version: 4 }) }),
  ]) {
    assert.throws(() => openManifest(forged), { code: 'MANIFEST_SIGNATURE' });
  }
});

test('parts that do not fit together are refused', () => {
  const refused = (change: (fields: ManifestFields) => void, code: string) => {
    const fields = structuredClone(tinyManifest());
    change(fields);
    assert.throws(() => signManifest(fields, key), { code }, change.toString());
  };
  refused((m) => m.blocks.pop(), 'MANIFEST_INVALID');
  refused((m) => (m.blocks[0]!.tensors[0]!.offset = 99_999), 'MANIFEST_INVALID');
  refused((m) => (m.blocks[0]!.tensors[0]!.offset = 20_100), 'MANIFEST_INVALID');
  refused((m) => (m.blocks[0]!.tensors[0]!.name = 'blk.1.attn_q.weight'), 'MANIFEST_INVALID');
  refused((m) => (m.blocks[0]!.tensors[0]!.bytes = 641), 'MANIFEST_INVALID');
  refused((m) => (m.blocks[0]!.tensors[0]!.shape = [32, 16, 2]), 'MANIFEST_INVALID');
  refused((m) => (m.boundary.ranges[0]!.file = 'other'), 'MANIFEST_INVALID');
  refused((m) => (m.boundary.ranges[0]!.length = 100_001), 'MANIFEST_INVALID');
  refused((m) => (m.tokenizer.file = 'other'), 'MANIFEST_INVALID');
  refused((m) => (m.files[0]!.path = '../up'), 'PATH_UNSAFE');
  refused((m) => m.files.push({ ...m.files[0]!, path: 'TINY.gguf' }), 'PATH_UNSAFE');
  refused((m) => (m.pieceLength = 65537), 'SCHEMA_INVALID');
  refused((m) => (m.version = 0), 'SCHEMA_INVALID');
  refused((m) => (m.chatTemplate = 'é'.repeat(40_000)), 'SCHEMA_INVALID');
  refused((m) => Object.assign(m, { extra: 1 }), 'SCHEMA_INVALID');
});
