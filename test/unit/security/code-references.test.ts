import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '#base';
import { inBuffer } from '#formats';
import { builtInRuleset, scan } from '#security';
import { graph, message, model, text } from '../../support/attacks/protobuf.ts';
import { ggufFile } from '../../support/gguf-file.ts';
import { safetensorsFile } from '../../support/safetensors-file.ts';

const ruleset = await builtInRuleset();
const rulesOf = async (path: string, bytes: Uint8Array) => {
  const { files } = await scan([{ path, source: inBuffer(bytes) }], ruleset);
  return files[0]!.findings.map(({ rule }) => rule);
};

/** Configuration that makes a loader run code, and configuration that looks like it. */
const CODE: readonly Record<string, unknown>[] = [
  { _attn_implementation_internal: 'attacker/kernel' },
  { _experts_implementation: { text: 'attacker/kernel@main:fn' } },
  { attn_implementation: ['sdpa', 'attacker/kernel'] },
  { trust_remote_code: 'True' },
  { inner: [{ trust_remote_code: 1 }] },
  { _target_: 'os.system', command: 'id' },
  { activation_function: 'package.Payload' },
  { types: { query_0_Dense: 'package.Payload' } },
  { sentence_transformers: { activation_fn: 'package.Payload' } },
];
const HARMLESS: readonly Record<string, unknown>[] = [
  { _attn_implementation: 'flash_attention_2', attn_implementation: { text: 'sdpa', vision: 'eager' } },
  { trust_remote_code: false },
  { trust_remote_code: 'false', inner: { trust_remote_code: 0 } },
  { activation_function: 'gelu_new' },
  { types: { query_0_Dense: 'sentence_transformers.models.Dense' } },
  { sentence_transformers: { activation_fn: 'torch.nn.modules.linear.Identity' } },
  { sbert_ce_default_activation_function: 'torch.nn.Sigmoid' },
];

/** The same configuration wherever a loader finds it. */
const HOMES: Readonly<Record<string, (config: Record<string, unknown>) => Uint8Array>> = {
  'config.json': (config) => utf8(JSON.stringify(config)),
  'x.safetensors': (config) => safetensorsFile({ __metadata__: { config: JSON.stringify(config) } }, 0),
  'x.gguf': (config) =>
    ggufFile({ metadata: [['general.config', ['string', JSON.stringify(config)]]], tensors: [] }),
  'x.onnx': (config) => model(graph(), message(14, text(1, 'config'), text(2, JSON.stringify(config)))),
};

for (const [path, write] of Object.entries(HOMES)) {
  test(`what a loader resolves to code is found in ${path}, and nothing else`, async () => {
    for (const config of CODE)
      assert.deepEqual(await rulesOf(path, write(config)), ['remote-code'], JSON.stringify(config));
    for (const config of HARMLESS)
      assert.deepEqual(await rulesOf(path, write(config)), [], JSON.stringify(config));
  });
}

test('YAML: code references, and tags however they are written', async () => {
  const rules = (text: string) => rulesOf('config.yaml', utf8(text));
  assert.deepEqual(await rules('model:\n  _target_: os.system\n  command: id\n'), ['remote-code']);
  assert.deepEqual(await rules('- trust_remote_code: "yes" # please\n'), ['remote-code']);
  assert.deepEqual(await rules('trust_remote_code: no\nactivation_function: gelu\n'), []);
  assert.deepEqual(
    await rules('%TAG !e! tag:yaml.org,2002:pyth\n---\na: !e!on/object/apply:os.system ["id"]\n'),
    ['yaml-code'],
  );
  assert.deepEqual(await rules('a: !<tag:yaml.org,2002:pyth%6fn/object/apply:os.system> ["id"]\n'), [
    'yaml-code',
  ]);
  assert.deepEqual(await rules(`a: 1\n${'\n'.repeat(200_000)}`), []);
});

test('metadata: markup and Python that fetch, delete or import', async () => {
  for (const text of [
    "<meta http-equiv=refresh content='0;url=data:text/html;base64,PHNjcmlwdD4='>",
    "import shutil; shutil.rmtree('/home')",
    "importlib.import_module('os').remove('a')",
    "getattr(os, 'sys' + 'tem')('id')",
  ])
    assert.deepEqual(await rulesOf('x.safetensors', safetensorsFile({ __metadata__: { text } }, 0)), [
      'metadata-code',
    ]);
});

test('sizes that no model has', async () => {
  for (const config of [{ num_layers: 1e9 }, { padding: { strategy: { Fixed: 1e12 } } }, { d_ff: 1e10 }])
    assert.deepEqual(await rulesOf('config.json', utf8(JSON.stringify(config))), ['resource-bomb']);
});

test('ONNX: code in the metadata of the model, its graphs and functions', async () => {
  const entry = (field: number, value: string) => message(field, text(1, 'names'), text(2, value));
  const code = '__import__("os").system("id")';
  const inFunction = message(25, text(1, 'F'), text(10, 'local'), entry(14, code));
  for (const bytes of [
    model(graph(), entry(14, code)),
    model(graph(entry(16, code))),
    model(graph(), inFunction),
  ])
    assert.deepEqual(await rulesOf('x.onnx', bytes), ['metadata-code']);
  assert.deepEqual(await rulesOf('x.onnx', model(graph(), entry(14, "{0: 'person', 1: 'bicycle'}"))), []);
  assert.deepEqual(
    await rulesOf('x.onnx', model(graph(), message(14, text(1, 'trust_remote_code'), text(2, 'true')))),
    ['remote-code'],
  );
});

test('modules of sentence-transformers are classes of its own', async () => {
  const rules = (type: string) =>
    rulesOf('modules.json', utf8(JSON.stringify([{ idx: 0, name: '0', path: '', type }])));
  for (const type of [
    'package.Payload',
    'sentence_transformers/../package.Payload',
    'sentence_transformers..x',
    'transformers.',
  ])
    assert.deepEqual(await rules(type), ['remote-code'], type);
  assert.deepEqual(await rules('sentence_transformers.models.Router'), []);
});
