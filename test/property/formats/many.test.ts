/** Files of a great many small things, around the numbers at which tables grow: each is judged, and none holds a parser up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '#base';
import { inBuffer } from '#formats';
import { builtInRuleset, scan } from '#security';
import { tarFile, zipFile } from '../../support/attacks/archives.ts';
import { graph, message, model, node, pieces } from '../../support/attacks/protobuf.ts';
import { ggufFile, layOut } from '../../support/gguf-file.ts';
import { safetensorsFile } from '../../support/safetensors-file.ts';

const ruleset = await builtInRuleset();
const COUNTS = [8, 10, 11, 12].flatMap((power) => [2 ** power - 1, 2 ** power, 2 ** power + 1]);

/** As short as names can be that are all different. */
const short = (n: number): string => (n < 0xd000 ? String.fromCharCode(0x100 + n) : `_${short(n - 0xd000)}`);
const list = <T>(count: number, make: (n: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => make(n));
const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value));

/** The name of a file, the file with so many of something, and how many the format's reader takes. */
const MANY: Readonly<
  Record<string, readonly [path: string, make: (count: number) => Uint8Array, most?: number]>
> = {
  'keys of JSON': ['vocab.json', (count) => json(Object.fromEntries(list(count, (n) => [short(n), n])))],
  'objects of JSON': ['x.json', (count) => json(list(count, () => ({ a: {} })))],
  'tokens of a tokenizer': [
    'tokenizer.json',
    (count) =>
      json({
        added_tokens: list(count, (n) => ({ id: n, content: short(n), special: false })),
        model: { type: 'BPE', vocab: Object.fromEntries(list(count, (n) => [short(n), n])), merges: [] },
      }),
  ],
  'tensors of safetensors': [
    'x.safetensors',
    (count) => {
      const entry = (n: number) => ({ dtype: 'U8', shape: [1], data_offsets: [n, n + 1] });
      return safetensorsFile(Object.fromEntries(list(count, (n) => [short(n), entry(n)])), count);
    },
  ],
  'metadata of safetensors': [
    'x.safetensors',
    (count) => safetensorsFile({ __metadata__: Object.fromEntries(list(count, (n) => [short(n), ''])) }, 0),
  ],
  'keys of GGUF': [
    'x.gguf',
    (count) => ggufFile({ metadata: list(count, (n) => [`k.${n}`, ['uint8', 1]]), tensors: [] }),
    4096,
  ],
  'tokens of GGUF': [
    'x.gguf',
    (count) => ggufFile({ metadata: [['a.b', ['array', ['string', list(count, short)]]]], tensors: [] }),
  ],
  'tensors of GGUF': [
    'x.gguf',
    (count) =>
      ggufFile({
        metadata: [],
        tensors: layOut(list(count, (n) => ({ name: `t${n}`, type: 0, dims: [1], bytes: 4 }))),
      }),
  ],
  'nodes of ONNX': ['x.onnx', (count) => model(graph(...list(count, () => message(1, node('Relu')))))],
  'pieces of SentencePiece': ['x.model', (count) => pieces(list(count, short))],
  'members of a ZIP': [
    'x.zip',
    (count) => zipFile(list(count, (n) => ({ name: `${n}`, data: new Uint8Array() }))),
  ],
  'members of a tar': [
    'x.tar',
    (count) => tarFile(list(count, (n) => ({ name: `${n}`, data: new Uint8Array() }))),
  ],
  'lines of text': ['x.md', (count) => utf8('a\n'.repeat(count))],
};

for (const [what, [path, make, most = Number.POSITIVE_INFINITY]] of Object.entries(MANY)) {
  test(`many ${what}`, async () => {
    const kinds = new Set<string>();
    for (const count of COUNTS.filter((many) => many <= most)) {
      const { files } = await scan([{ path, source: inBuffer(make(count)) }], ruleset);
      kinds.add(files[0]!.kind);
      assert.ok(
        !files[0]!.findings.some(({ rule }) => rule === 'damaged'),
        `${count}: ${files[0]!.findings[0]?.detail}`,
      );
    }
    assert.equal(kinds.size, 1);
  });
}
