import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createSampler, openTokenizer, renderChat } from '#execution';
import { loadBlocks, loadBoundary, openModel, rowsAt } from '../../support/load-model.ts';
import { defaultModelPath } from '../../support/model.ts';

/**
 * transformers computes in float32 with the stored weights; here weights have 8 bits and activations too. The bound on
 * the root mean square error, relative to the spread of the logits, these models show up to 0.03.
 */
const RELATIVE_ERROR = 0.04;

interface Fixture {
  prompt: number[];
  positions: number[];
  logits: number[][];
}

const folderOf = (name: string) => fileURLToPath(new URL(`../hf/${name}`, import.meta.url));

for (const name of ['tiny-tied', 'tiny-sharded', 'tiny-llama3-rope']) {
  test(`${name}: logits are those of transformers within ${RELATIVE_ERROR} of their spread`, async () => {
    const fixture: Fixture = JSON.parse(readFileSync(`${folderOf(name)}/fixture.json`, 'utf8'));
    const model = await openModel(folderOf(name));
    const { hidden, layers, vocab } = model.description.architecture;
    const stage = await loadBlocks(model, 0, layers);
    const boundary = await loadBoundary(model);
    const states = await stage.forward(rowsAt(0, fixture.prompt.length), boundary.embed(fixture.prompt));
    for (const [i, position] of fixture.positions.entries()) {
      const logits = await boundary.logits(states.slice(position * hidden, (position + 1) * hidden));
      const expected = fixture.logits[i]!;
      const mean = expected.reduce((sum, x) => sum + x, 0) / vocab;
      const spread = Math.sqrt(expected.reduce((sum, x) => sum + (x - mean) ** 2, 0) / vocab);
      const error = Math.sqrt(expected.reduce((sum, x, id) => sum + (x - logits[id]!) ** 2, 0) / vocab);
      assert.ok(
        error < RELATIVE_ERROR * spread,
        `position ${position}: ${(error / spread).toFixed(4)} of the spread`,
      );
    }
    await Promise.all([stage.stop(), boundary.stop(), model.close()]);
  });
}

interface Greedy {
  answers: {
    system: string | null;
    user: string;
    prompt: number[];
    ids: number[];
    margins: number[];
    text: string;
  }[];
}

/** Below this lead of the first logit over the second, rounding may turn the order. */
const SAFE_MARGIN = 0.9;

test('the default model answers as transformers does, greedily, as far as the choice has a margin', async () => {
  const { answers }: Greedy = JSON.parse(readFileSync(folderOf('greedy.json'), 'utf8'));
  const model = await openModel(await defaultModelPath());
  const { description, read } = model;
  const { hidden, layers } = description.architecture;
  const stage = await loadBlocks(model, 0, layers);
  const boundary = await loadBoundary(model);
  const tokenizer = await openTokenizer(
    description.tokenizer,
    description.headerRanges,
    (file, offset, bytes) => read({ name: 'header', type: 'F32', shape: [1], file, offset, bytes }),
  );
  let compared = 0;
  for (const { system, user, prompt, ids, margins } of answers) {
    const messages = [
      ...(system === null ? [] : [{ role: 'system', content: system }]),
      { role: 'user', content: user },
    ];
    const text = renderChat(description.chatTemplate, messages, {
      addGenerationPrompt: true,
      bos: '',
      eos: '',
    });
    assert.deepEqual(tokenizer.encode(text, { special: true }), prompt);
    const sampler = createSampler({ temperature: 0 });
    let states = await stage.forward(rowsAt(0, prompt.length), boundary.embed(prompt));
    for (const [i, id] of ids.entries()) {
      if (margins[i]! < SAFE_MARGIN) break;
      const token = sampler.sample(await boundary.logits(states.slice(states.length - hidden)));
      assert.equal(token, id, `${user}: token ${i}, margin ${margins[i]}`);
      compared++;
      states = await stage.forward(rowsAt(prompt.length + i, 1), boundary.embed([id]));
    }
  }
  assert.ok(compared >= 16, `only ${compared} tokens had a margin`);
  await Promise.all([stage.stop(), boundary.stop(), model.close()]);
});
