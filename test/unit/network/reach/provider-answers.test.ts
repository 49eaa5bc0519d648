import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProviderAnswers } from '../../../../src/network/reach/provider-answers.ts';

const peer = (id: string, ...addresses: string[]) => ({ id, addresses });
const idsOf = (answers: ProviderAnswers) => answers.providers.map(({ id }) => id);

test('an answer full of made-up providers does not hide the provider of another answer', () => {
  const answers = new ProviderAnswers(8);
  const many = Array.from({ length: 1_000 }, (_, i) => peer(`false ${i}`));
  answers.add('liar', many);
  answers.add('liar', many.slice(500));
  answers.add('keeper', [peer('holder', '/ip4/192.0.2.1/tcp/1')]);
  assert.equal(idsOf(answers).length, 8);
  assert.deepEqual(idsOf(answers).slice(0, 3), ['false 0', 'holder', 'false 1']);
});

test('false addresses of a provider do not hide those of another answer', () => {
  const answers = new ProviderAnswers(8);
  answers.add('liar', [peer('holder', '/ip4/192.0.2.9/tcp/9')]);
  answers.add('keeper', [peer('holder', '/ip4/192.0.2.1/tcp/1')]);
  assert.deepEqual(answers.providers, [peer('holder', '/ip4/192.0.2.9/tcp/9', '/ip4/192.0.2.1/tcp/1')]);
});

test('answers without providers do not end a look-up, four with some do', () => {
  const answers = new ProviderAnswers(2);
  for (let i = 0; i < 20; i++) answers.add(`empty ${i}`, []);
  assert.equal(answers.isEnough, false);
  for (let i = 0; i < 4; i++) answers.add(`full ${i}`, [peer(`provider ${i}`)]);
  assert.equal(answers.isEnough, true);
  assert.deepEqual(idsOf(answers), ['provider 0', 'provider 1']);
});
