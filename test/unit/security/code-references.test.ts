import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '#base';
import { inBuffer } from '#formats';
import { builtInRuleset, scan } from '#security';
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
  { sentence_transformers: { activation_fn: 'package.Payload' } },
];
const HARMLESS: readonly Record<string, unknown>[] = [
  { _attn_implementation: 'flash_attention_2', attn_implementation: { text: 'sdpa', vision: 'eager' } },
  { trust_remote_code: false },
  { trust_remote_code: 'false', inner: { trust_remote_code: 0 } },
  { activation_function: 'gelu_new' },
  { sentence_transformers: { activation_fn: 'torch.nn.modules.linear.Identity' } },
  { sbert_ce_default_activation_function: 'torch.nn.Sigmoid' },
];

/** The same configuration wherever a loader finds it. */
const HOMES: Readonly<Record<string, (config: Record<string, unknown>) => Uint8Array>> = {
  'config.json': (config) => utf8(JSON.stringify(config)),
  'x.safetensors': (config) => safetensorsFile({ __metadata__: { config: JSON.stringify(config) } }, 0),
  'x.gguf': (config) =>
    ggufFile({ metadata: [['general.config', ['string', JSON.stringify(config)]]], tensors: [] }),
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
