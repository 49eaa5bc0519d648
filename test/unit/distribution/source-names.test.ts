import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openSource } from '../../../src/distribution/sources/index.ts';
import { requirePlainNames } from '../../../src/distribution/sources/names.ts';
import { temporaryDirectory } from '../../support/swarm.ts';

test('names that cannot travel are said before any work, with what to do', async (t) => {
  const home = await temporaryDirectory(t);
  let steps = 0;
  const options = { cache: join(home, 'cache'), onProgress: () => void steps++ };
  const refuses = async (files: string[], spec: string, to: RegExp) => {
    const folder = join(home, files[0]!.split('/')[0]!);
    await mkdir(folder, { recursive: true });
    for (const file of files) await writeFile(join(home, file), 'x');
    await assert.rejects(
      openSource(join(home, spec), options),
      { code: 'SOURCE_INVALID', message: to },
      spec,
    );
  };
  await refuses(['a/Model.GGUF'], 'a/Model.GGUF', /lower case.*Model\.gguf/);
  await refuses(['b/model.Gguf'], 'b', /model\.gguf/);
  await refuses(['c/model.SafeTensors', 'c/config.json'], 'c', /model\.safetensors/);
  await refuses(['d/model.safetensors', 'd/Config.JSON'], 'd', /Config\.json/);
  await refuses(['llama3:8b/model.gguf'], 'llama3:8b', /llama3-8b/);
  await refuses(['e/llama3:8b.gguf'], 'e/llama3:8b.gguf', /llama3-8b/);
  await refuses(['what?/model.gguf'], 'what?', /what/);
  await refuses(['dots./model.gguf'], 'dots.', /to dots for/);
  await refuses(['f/a:b.safetensors', 'f/config.json'], 'f', /a:b\.safetensors in .*a-b\.safetensors/);
  assert.equal(steps, 0, 'nothing was hashed');
  for (const name of ['con', 'a<b>', '..', 'x'.repeat(200), 'tab\there', 'a\\b'])
    assert.throws(() => requirePlainNames(name, [], name), { code: 'SOURCE_INVALID' }, name);
  for (const name of ['Modèle 你好 (v1) #2', 'llama-3.1_8b', 'a+b=c']) requirePlainNames(name, [name], name);
});
