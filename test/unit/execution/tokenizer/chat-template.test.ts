import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderChat } from '#execution';

const OPTIONS = { addGenerationPrompt: true, bos: '<s>', eos: '</s>' };
const user = (content: string) => [{ role: 'user', content }];

test('without a template a chat is written as ChatML', () => {
  const messages = [{ role: 'system', content: 'Be brief.' }, ...user('Hi')];
  assert.equal(
    renderChat(null, messages, OPTIONS),
    '<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n',
  );
  assert.equal(
    renderChat(null, user('Hi'), { ...OPTIONS, addGenerationPrompt: false }),
    '<|im_start|>user\nHi<|im_end|>\n',
  );
});

test('a template sees messages, tokens and the generation prompt, with the block trimming of transformers', () => {
  const template =
    '{{ bos_token }}{% for m in messages %}\n  {% if m.role == "user" %}\n[INST] {{ m.content | trim }} [/INST]{% endif %}\n{% endfor %}{{ eos_token if add_generation_prompt }}';
  assert.equal(renderChat(template, user('  Hi '), OPTIONS), '<s>[INST] Hi [/INST]</s>');
});

test("a template's own refusal reaches the user", () => {
  const template = "{{ raise_exception('roles must alternate') }}";
  assert.throws(() => renderChat(template, user('a'), OPTIONS), {
    code: 'CHAT_TEMPLATE_FAILED',
    message: /roles must alternate/,
  });
});

test('templates that are broken, endless or too long are stopped', () => {
  const failed = (template: string, code: string) =>
    assert.throws(() => renderChat(template, user('a'), OPTIONS), { code });
  failed('{% for', 'CHAT_TEMPLATE_FAILED');
  failed('{{ nothing() }}', 'CHAT_TEMPLATE_FAILED');
  failed('x'.repeat((1 << 16) + 1), 'CHAT_TEMPLATE_FAILED');
  const long =
    "{% set ns = namespace(s='xxxxxxxxxxxxxxxx') %}{% for i in range(20) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s }}";
  failed(long, 'CHAT_TEMPLATE_FAILED');
  const endless = '{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}';
  failed(endless, 'TIME_LIMIT');
});

test('a template cannot reach the machine', () => {
  const reach = "{{ messages.constructor.constructor('return process')().pid }}";
  assert.throws(() => renderChat(reach, user('a'), OPTIONS), { code: 'CHAT_TEMPLATE_FAILED' });
});
