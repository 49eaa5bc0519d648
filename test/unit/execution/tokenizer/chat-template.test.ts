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

test('templates that are broken or too long are refused', () => {
  const failed = (template: string, code: string) =>
    assert.throws(() => renderChat(template, user('a'), OPTIONS), { code });
  failed('{% for', 'CHAT_TEMPLATE_FAILED');
  failed('{{ nothing() }}', 'CHAT_TEMPLATE_FAILED');
  failed('x'.repeat((1 << 16) + 1), 'CHAT_TEMPLATE_FAILED');
});

/** Templates that cost far more than their length, each by other means. */
const BOMBS: Readonly<Record<string, string>> = {
  'a long range': '{% for i in range(100000000) %}{% endfor %}',
  'a range only': '{% set r = range(100000000) %}',
  'loops in loops': '{% for i in range(4000) %}{% for j in range(4000) %}{% endfor %}{% endfor %}',
  'a text that doubles':
    "{% set ns = namespace(s='xxxxxxxxxxxxxxxx') %}{% for i in range(40) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
  'a text that doubles in a block':
    "{% set ns = namespace(s='xxxxxxxxxxxxxxxx') %}{% for i in range(40) %}{% set ns.s %}{{ ns.s }}{{ ns.s }}{% endset %}{% endfor %}",
  'a list that doubles, as text':
    '{% set ns = namespace(l=[1]) %}{% for i in range(40) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}',
  'a list that doubles, as JSON':
    '{% set ns = namespace(l=[1]) %}{% for i in range(40) %}{% set ns.l = {"a": ns.l, "b": ns.l} %}{% endfor %}{{ ns.l | tojson }}',
  'a list that doubles, compared':
    '{% set ns = namespace(l=[1], m=[1]) %}{% for i in range(40) %}{% set ns.l = [ns.l, ns.l] %}{% set ns.m = [ns.m, ns.m] %}{% endfor %}{{ ns.l == ns.m }}',
  'a list that is longer and longer':
    '{% set ns = namespace(l=[1]) %}{% for i in range(40) %}{% set ns.l = ns.l + ns.l %}{% endfor %}',
  'replacements that grow':
    "{% set ns = namespace(s='aaaaaaaaaaaaaaaa') %}{% for i in range(9) %}{% set ns.s = ns.s.replace('a', ns.s) %}{% endfor %}",
  'the filter replace': "{% set x = 'aaaaaaaaaaaaaaaa' %}".concat(
    ...Array.from({ length: 8 }, () => "{% set x = x | replace('a', x) %}"),
  ),
  'a wide indent': "{{ 'a\nb' | indent(900000000) }}",
  'a wide JSON': '{{ [[1], [2]] | tojson(indent=900000000) }}',
  'a long separator':
    "{% set ns = namespace(s='xxxxxxxxxxxxxxxx') %}{% for i in range(16) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ range(4000) | join(ns.s) }}",
  'endless recursion': '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}',
  'recursion that branches':
    '{% macro m(n) %}{% if n > 0 %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}',
  'a search for a long text in a longer one':
    "{% set ns = namespace(s='aaaaaaaaaaaaaaaa') %}{% for i in range(15) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{% for i in range(4000) %}{% if ns.s + 'b' in ns.s + ns.s %}{% endif %}{% endfor %}",
  'texts printed again and again':
    "{% set ns = namespace(s='xxxxxxxxxxxxxxxx') %}{% for i in range(17) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{% for i in range(4000) %}{% set x %}{{ ns.s }}{% endset %}{% endfor %}",
  'a test of a long text':
    "{% set ns = namespace(s='xxxxxxxxxxxxxxxx') %}{% for i in range(17) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{% set l = [{'c': ns.s}] %}{% for i in range(100) %}{% set x = l | selectattr('c', 'lower') | list %}{% endfor %}",
  'characters that are written as six':
    "{% set ns = namespace(s='éééééééééééééééé') %}{% for i in range(14) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{% for i in range(12) %}{% set x = ns.s | tojson(ensure_ascii=true) %}{% endfor %}",
};

for (const [what, template] of Object.entries(BOMBS)) {
  test(`a template is stopped by counting what it costs: ${what}`, () => {
    assert.throws(() => renderChat(template, user('a'), OPTIONS), { code: 'CHAT_TEMPLATE_LIMIT' });
  });
}

test('values that lie in themselves or too deep are no JSON', () => {
  for (const template of [
    '{% set ns = namespace() %}{% set ns.me = [ns] %}{{ ns.me | tojson }}',
    '{% set ns = namespace(l=[1]) %}{% for i in range(3000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l | tojson }}',
  ])
    assert.throws(() => renderChat(template, user('a'), OPTIONS), { code: 'CHAT_TEMPLATE_FAILED' });
});

test('blanks in a row, and tags without an end, are read once', () => {
  const run = ' '.repeat(60_000);
  assert.equal(renderChat(`${run}{{- 1 }}`, user('a'), OPTIONS), '1');
  for (const open of [`{%${run}`, '{#'.repeat(30_000), '{%raw%}'.repeat(9000), `{{ '${"\\'".repeat(20_000)}`])
    assert.throws(() => renderChat(open, user('a'), OPTIONS), { code: 'CHAT_TEMPLATE_FAILED' });
});

test('a long conversation is rendered with a template of many branches', () => {
  const template =
    "{% for m in messages %}{% if loop.first and m.role != 'system' %}{{ bos_token }}{% endif %}{% if (m.role == 'user') == (loop.index0 % 2 == 0) or messages | length > 1 %}{% set c = m.content.split('</think>')[-1] | trim %}{{ '<|' + m['role'] + '|>' + c }}{% if '<tool>' in c and messages[loop.index0 - 1].role == 'user' %}{{ c | replace('<', '&lt;') }}{% endif %}{% endif %}{% endfor %}";
  const messages = Array.from({ length: 2000 }, (_, n) => ({
    role: n % 2 === 0 ? 'user' : 'assistant',
    content: `message ${n} `.repeat(50),
  }));
  const text = renderChat(template, messages, OPTIONS);
  assert.ok(text.startsWith('<s><|user|>message 0 '));
  assert.ok(text.includes('<|assistant|>message 1999 '));
});

test('a template cannot reach the machine', () => {
  const reach = "{{ messages.constructor.constructor('return process')().pid }}";
  assert.throws(() => renderChat(reach, user('a'), OPTIONS), { code: 'CHAT_TEMPLATE_FAILED' });
});
