import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '#base';
import { inBuffer } from '#formats';
import { builtInRuleset, scan } from '#security';
import { tarFile, zipFile } from '../../support/attacks/archives.ts';
import { graph, message, model, node, tensor } from '../../support/attacks/protobuf.ts';

const ruleset = await builtInRuleset();
const rules = async (path: string, bytes: Uint8Array): Promise<string[]> => {
  const { files } = await scan([{ path, source: inBuffer(bytes) }], ruleset);
  return files[0]!.findings.map(({ rule }) => rule);
};

/** Names that are other files on Windows, or outside of their folder anywhere. */
const UNSAFE = [
  ...[
    '..',
    '../x.txt',
    'a/../x.txt',
    '/x.txt',
    '\\x.txt',
    '..\\x.txt',
    'a\\b.txt',
    '\\\\host\\share\\x.txt',
    'C:x.txt',
  ],
  ...[
    'C:\\x.txt',
    'c:/x.txt',
    'x.txt:stream',
    'x.safetensors::$DATA',
    'x.txt.',
    'x.txt ',
    'x.txt. .',
    'a./x.txt',
  ],
  ...[
    'a /x.txt',
    '.. /x.txt',
    '.../x.txt',
    'con',
    'CON.txt',
    'con .txt',
    'a/nul.tar.gz',
    'Aux.json',
    'prn',
    'COM1.txt',
  ],
  ...['com0', 'lpt9.md', 'COM¹.txt', 'lpt².json', 'CONIN$', 'conout$.txt', 'x//y.txt', 'a\0.txt'],
];
const SAFE = [
  ...[
    'x.txt',
    'a/b/c.txt',
    '.gitignore',
    '..x',
    'x..y',
    'console.txt',
    'com.txt',
    'com10.md',
    'nullable.json',
  ],
  ...[
    'aux_loss.json',
    'a b.txt',
    'lpt.md',
    'x-con.txt',
    '漢字.txt',
    'model (1).safetensors',
    'a+b,c=d@e.txt',
  ],
];

test('paths of files', async () => {
  for (const path of UNSAFE)
    assert.ok((await rules(path, utf8('x'))).includes('name-unsafe'), JSON.stringify(path));
  for (const path of SAFE) assert.ok(!(await rules(path, utf8('x'))).includes('name-unsafe'), path);
});

test('members of archives', async () => {
  const data = utf8('x');
  for (const name of UNSAFE) {
    assert.ok(
      (await rules('x.zip', zipFile([{ name, data }]))).includes('archive-path'),
      JSON.stringify(name),
    );
    if (!name.includes('\0'))
      assert.ok(
        (await rules('x.tar', tarFile([{ name, data }]))).includes('archive-path'),
        JSON.stringify(name),
      );
  }
  for (const name of [...SAFE, 'folder/', './x.txt', './']) {
    assert.ok(!(await rules('x.zip', zipFile([{ name, data }]))).includes('archive-path'), name);
    assert.ok(!(await rules('x.tar', tarFile([{ name, data }]))).includes('archive-path'), name);
  }
});

test('files that an index or a model names', async () => {
  const index = (name: string) => utf8(JSON.stringify({ weight_map: { w: name } }));
  const onnx = (location: string) =>
    model(graph(message(1, node('Add')), message(5, tensor({ dims: [4], external: { location } }))));
  for (const name of UNSAFE.filter((path) => !path.includes('\0'))) {
    const told = await rules('model.safetensors.index.json', index(name));
    assert.ok(told.includes('name-unsafe'), JSON.stringify(name));
    assert.ok((await rules('m.onnx', onnx(name))).includes('onnx-external-path'), JSON.stringify(name));
  }
  for (const name of SAFE.filter((path) => !path.includes('/'))) {
    assert.deepEqual(await rules('model.safetensors.index.json', index(name)), []);
    assert.deepEqual(await rules('m.onnx', onnx(name)), ['onnx-external-missing']);
  }
});
