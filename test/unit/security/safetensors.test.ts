import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, utf8 } from '#base';
import { HEAD_BYTES, identify, inBuffer } from '#formats';
import { builtInRuleset, scan } from '#security';
import { uint64 } from '../../support/gguf-file.ts';

const ruleset = await builtInRuleset();
const HEADER = JSON.stringify({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] } });
/** One tensor, the header filled with spaces to `length` bytes, as the official library fills it. */
const padded = (length: number, header = HEADER) =>
  concat([uint64(length), utf8(header.padEnd(length)), new Uint8Array(8)]);
const judged = async (path: string, bytes: Uint8Array) => {
  const { files } = await scan([{ path, source: inBuffer(bytes) }], ruleset);
  return { kind: files[0]!.kind, findings: files[0]!.findings.map(({ rule }) => rule) };
};

test('safetensors with a header of any length is taken for what it is', async () => {
  const spelling = Array.from({ length: 0x20000 - HEADER.length }, (_, n) => n + HEADER.length).filter(
    (length) => {
      const head = new Uint8Array(HEAD_BYTES).fill(0x20);
      head.set(uint64(length));
      head[8] = 0x7b;
      return identify(head, 1 << 20) !== 'safetensors';
    },
  );
  assert.ok(spelling.length > 10, `${spelling.length} lengths spell a signature`);
  for (const length of spelling) {
    const what = `a header of 0x${length.toString(16)} bytes`;
    assert.deepEqual(
      await judged('model.safetensors', padded(length)),
      { kind: 'safetensors', findings: [] },
      what,
    );
  }
});

test('what only begins like safetensors is judged by its signature', async () => {
  for (const length of [0x280, 0x178]) {
    const cut = padded(length).slice(0, -1);
    const { kind, findings } = await judged('model.safetensors', cut);
    assert.notEqual(kind, 'safetensors');
    assert.ok(findings.includes('wrong-name'));
  }
});

test('safetensors under the name of a pickle is refused', async () => {
  const { kind, findings } = await judged('model.bin', padded(0x280));
  assert.equal(kind, 'safetensors');
  assert.ok(findings.includes('wrong-name'));
});
