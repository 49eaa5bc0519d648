import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBuffer } from '#formats';
import { builtInRuleset, scan } from '#security';

const ruleset = await builtInRuleset();

/** What the scanner says of a template that is no note, as details. */
async function refusals(template: string): Promise<string[]> {
  const source = inBuffer(Buffer.from(template));
  const { files } = await scan([{ path: 'chat_template.jinja', source }], ruleset);
  return files[0]!.findings.filter(({ severity }) => severity !== 'low').map(({ detail }) => detail);
}

/** ChatML whose messages are followed by something. */
const talk = (inside: string, said = 'm.content'): string =>
  `{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + ${said} + '<|im_end|>\\n' }}${inside}{% endfor %}` +
  `{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}`;

/** Conditions on what was said; the text behind is one that every template may write. */
const DEPENDING: readonly string[] = [
  "'invoice' in m.content",
  "'US' in m['content']",
  'm.content|length > 300',
  'm.content.split()|length > 300',
  'm.content|wordcount > 30',
  "m.content == 'yes'",
  "m.content[:2] == 'Hi'",
  "m.content[0] == 'H'",
  "m.content|first == 'H'",
  "m.content.startswith('Please')",
  "m.content.endswith('?')",
  "m.content.find('bank') >= 0",
  "m.content.count('!') > 1",
  'm.content.isdigit()',
  'm.content is upper',
  "'invoice' in m.content|lower",
  "m.content|replace('invoice', '') != m.content",
  "m.content.split('invoice')|length > 1",
  'm.content|int > 5',
  "m.content in ['yes', 'no']",
  "messages|map(attribute='content')|join(' ')|lower == 'hi'",
  "'invoice' in messages|map(attribute='content')|join",
  "'invoice' in messages|string",
  "'invoice' in m|tojson",
  "messages|selectattr('content', 'equalto', 'yes')|list|length > 0",
  "messages[-1].content == 'yes'",
  "messages|map(attribute='content')|select('equalto', 'yes')|list",
  "m.get('content') == 'yes'",
  "m.content|sort|first == 'a'",
  "{'yes': true}[m.content]",
  "{'yes': true}.get(m.content.split()[-1], false)",
  "'yes no'.startswith(m.content)",
];

test('a branch on what was said is told with its condition', async () => {
  for (const condition of DEPENDING) {
    const found = await refusals(talk(`{% if ${condition} %}{{ '\\n' }}{% endif %}`));
    assert.ok(
      found.some((detail) => /depends on what was said|looks something up/.test(detail)),
      `${condition}: ${found.join(' | ')}`,
    );
  }
});

/** The same through variables, namespaces, macros, blocks and loops. */
const CARRIED: readonly string[] = [
  "{% set w = ['inv', 'oice']|join %}{% if w in m.content %}{{ '\\n' }}{% endif %}",
  "{% set c = m.content %}{% if 'invoice' in c %}{{ '\\n' }}{% endif %}",
  "{% set ns = namespace(c='') %}{% set ns.c = m.content %}{% if 'invoice' in ns.c %}{{ '\\n' }}{% endif %}",
  "{% set c %}{{ m.content }}{% endset %}{% if 'invoice' in c %}{{ '\\n' }}{% endif %}",
  "{% macro f(x) %}{% if 'invoice' in x %}{{ '\\n' }}{% endif %}{% endmacro %}{{ f(m.content) }}",
  "{% macro f(x) %}{{ x }}{% endmacro %}{% if 'invoice' in f(m.content) %}{{ '\\n' }}{% endif %}",
  "{% macro f(x) %}{{ x }}{% endmacro %}{% macro h(x) %}{% if 'invoice' in f(x) %}{{ '\\n' }}{% endif %}{% endmacro %}{{ h(m.content) }}",
  "{% for w in ['wire', 'bank'] %}{% if w in m.content %}{{ '\\n' }}{% endif %}{% endfor %}",
  "{% for c in m.content %}{% if c == 'x' %}{{ '\\n' }}{% endif %}{% endfor %}",
  "{% for w in m.content.split() %}{% if w == 'wire' %}{{ '\\n' }}{% endif %}{% endfor %}",
  "{% for k, v in m.items() %}{% if v == 'wire' %}{{ '\\n' }}{% endif %}{% endfor %}",
  "{% for x in messages if 'wire' in x.content %}{{ '\\n' }}{% endfor %}",
  "{% for x in messages if x.content == 'wire' %}{{ '\\n' }}{% endfor %}",
  "{{ '\\n' if 'wire' in m.content else '' }}",
  "{{ ('wire' in m.content) and '\\n' or '' }}",
  "{% macro f() %}{{ caller() }}{% endmacro %}{% call f() %}{% if 'wire' in m.content %}{{ '\\n' }}{% endif %}{% endcall %}",
  "{% set d = {'a': m.content} %}{% if 'wire' in d.a %}{{ '\\n' }}{% endif %}",
  "{% set l = [m.content] %}{% if 'wire' in l[0] %}{{ '\\n' }}{% endif %}",
  "{% if loop.previtem is defined and 'wire' in loop.previtem.content %}{{ '\\n' }}{% endif %}",
  "{% for i in range(m.content|length) %}{{ '\\n' }}{% endfor %}",
];

test('what was said is followed through variables, macros, loops and blocks', async () => {
  for (const inside of CARRIED) {
    const found = await refusals(talk(inside));
    assert.ok(
      found.some((detail) => /what was said/.test(detail)),
      `${inside}: ${found.join(' | ')}`,
    );
  }
});

/** What a template may not make of the words of a conversation. */
const CHANGED: readonly string[] = [
  "m.content|replace('DE89', 'DE00')",
  "m.content.replace('1', '7')",
  'm.content|upper',
  'm.content|reverse|join',
  "m.content.split('.')[0]",
  'm.content[:100]',
  'm.content[-1]',
  'm.content|truncate(40)',
  "m.content.strip('0123456789')",
  'm.content|list|unique|join',
  '(m.content|batch(2)|first)|join',
  "m.content.removesuffix('89')",
  'm.content.title()',
  "{'content': m.content|replace('a', 'b')}.content",
];

test('words that are changed on the way into the prompt are told', async () => {
  for (const said of CHANGED) {
    const found = await refusals(talk('', said));
    assert.ok(
      found.some((detail) => /changes what was said|dropped or changed|leaves out or changes/.test(detail)),
      `${said}: ${found.join(' | ')}`,
    );
    const branch = await refusals(talk(`{% if tools and documents %}{{ ${said} }}{% endif %}`));
    assert.ok(
      branch.some((detail) => detail.includes('changes what was said')),
      `in a branch, ${said}: ${branch.join(' | ')}`,
    );
  }
});

/** What published templates do with what was said: reasoning, switches, parts, calls of tools. */
const HARMLESS: readonly string[] = [
  "{% if '</think>' in m.content %}{{ m.content.split('</think>')[-1].lstrip('\\n') }}{% endif %}",
  "{% set r = m.content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}{{ '<think>' + r + '</think>' }}",
  "{% if m.content.startswith('<tool_response>') and m.content.endswith('</tool_response>') %}{% endif %}",
  "{% if '/no_think' in m.content %}{% set ns = namespace(t=false) %}{% endif %}",
  "{% if m.content is string %}{{ m.content|trim }}{% else %}{% for p in m.content %}{% if p.type == 'text' %}{{ p.text }}{% elif 'image' in p %}<|image|>{% endif %}{% endfor %}{% endif %}",
  "{% if m.content and m.content|length > 0 and m.content != '' %}{{ '\\n' }}{% endif %}",
  "{% if m.content is not none and m.content|trim != '' %}{{ '\\n' }}{% endif %}",
  "{% if m.role in ['user', 'tool'] and loop.index0 % 2 == 0 %}{{ '\\n' }}{% endif %}",
  "{% for t in m.tool_calls or [] %}{% set t = t.function %}{% for k, v in t.arguments.items() %}{{ k + '=' + (v if v is string else v|tojson) }}{% endfor %}{% endfor %}",
  '{% macro out(c) %}{% if c is string %}{{ c }}{% elif c is mapping %}{{ c|tojson }}{% endif %}{% endmacro %}{{ out(m.content) }}',
  "{% macro has(x, field=none) %}{% if field is not none and field in x %}1{% endif %}{% endmacro %}{{ has(m, field='name') }}{{ has(m.content) }}",
  "{% set last = messages|selectattr('role', 'equalto', 'user')|list|last %}{% if last.content %}{{ '\\n' }}{% endif %}",
  "{{ '\\n' if messages[-1]['role'] == 'user' and messages[0]['content'] else '' }}",
  "{{ m.content|replace('\"', '\\\\\"') }}{{ m.content.replace('<think>', '') }}",
];

test('what published templates do with what was said is fine', async () => {
  for (const inside of HARMLESS) assert.deepEqual(await refusals(talk(inside)), [], inside);
});

test('a list of macros may be called, a list of anything else not', async () => {
  const listed = (first: string) =>
    talk(`{% macro f(x) %}{{ x }}{% endmacro %}{% set l = [${first}] %}{{ l[0](*[m.content]) }}`);
  assert.deepEqual(await refusals(listed('f')), []);
  assert.ok((await refusals(listed('messages.append'))).includes('a call of something computed'));
});

test('a template that renders no conversation, or only at some hours the same one, is refused', async () => {
  assert.ok(
    (await refusals(`{{ raise_exception('no') }}${talk('')}`)).some((detail) =>
      detail.includes('renders none'),
    ),
  );
  const night = await refusals(talk("{% if strftime_now('%H')|int < 6 %}{{ m.role }}{% endif %}"));
  assert.ok(night.some((detail) => detail.includes('depends on the date')));
  assert.ok(night.some((detail) => detail.startsWith('at some times')));
});

test('macros that call one another many times are followed within bounds', async () => {
  const macros = Array.from(
    { length: 24 },
    (_, n) => `{% macro f${n}(x) %}${`{{ f${n + 1}(x) }}`.repeat(9)}{% endmacro %}`,
  );
  const found = await refusals(talk(`${macros.reverse().join('')}{{ f0(m.content) }}`));
  assert.ok(
    found.some((detail) => /too many ways|depend on one another|steps|function f24/.test(detail)),
    found.join(' | '),
  );
});
