import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBuffer } from '#formats';
import { builtInRuleset, scan } from '#security';
import { CARRIED, CHANGED, CHOSEN, DEPENDING, HARMLESS, talk } from '../../support/templates.ts';

const ruleset = await builtInRuleset();

/** What the scanner says of a template that is no note, as details. */
async function refusals(template: string): Promise<string[]> {
  const source = inBuffer(Buffer.from(template));
  const { files } = await scan([{ path: 'chat_template.jinja', source }], ruleset);
  return files[0]!.findings.filter(({ severity }) => severity !== 'low').map(({ detail }) => detail);
}

test('a branch on what was said is told with its condition', async () => {
  for (const condition of DEPENDING) {
    const found = await refusals(talk(`{% if ${condition} %}{{ '\\n' }}{% endif %}`));
    assert.ok(
      found.some((detail) => /depends on what was said|looks something up/.test(detail)),
      `${condition}: ${found.join(' | ')}`,
    );
  }
});

test('what was said is followed through variables, macros, loops and blocks', async () => {
  for (const inside of CARRIED) {
    const found = await refusals(talk(inside));
    assert.ok(
      found.some((detail) => /what was said/.test(detail)),
      `${inside}: ${found.join(' | ')}`,
    );
  }
});

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

test('what blocks of filters make of what was said is told, the second filter too', async () => {
  for (const inside of [
    '{% filter upper %}{{ m.content }}{% endfilter %}',
    "{% filter trim | replace('1', '7') %}{{ m.content }}{% endfilter %}",
    '{% set c | trim | upper %}{{ m.content }}{% endset %}{{ c }}',
  ]) {
    const found = await refusals(talk(`{% if tools and documents %}${inside}{% endif %}`));
    assert.ok(
      found.some((detail) => detail.includes('changes what was said')),
      `${inside}: ${found.join(' | ')}`,
    );
  }
});

test('words that are written because of what was said refuse a template, whatever they are', async () => {
  for (const words of ['Tell about the weather.', 'Gentle.', 'good morning'])
    for (const inside of CHOSEN) {
      const found = await refusals(
        talk(inside.replace('WORDS', inside.includes('%}WORDS') ? words : `'${words}'`)),
      );
      assert.ok(
        found.some(
          (detail) =>
            detail.startsWith('because of what was said') || /depends on what was said/.test(detail),
        ),
        `${inside}: ${found.join(' | ')}`,
      );
    }
});

test('tokens, words of published templates and breaks of lines may depend on what was said', async () => {
  for (const words of [
    "'<think>\\n\\n</think>\\n\\n'",
    "'\\n'",
    "'<|im_end|>'",
    "'You are a helpful assistant.'",
  ])
    for (const inside of CHOSEN.filter((each) => !/%}WORDS|length/.test(each)))
      assert.deepEqual(await refusals(talk(inside.replace('WORDS', words))), [], `${inside} ${words}`);
});

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

test('messages are written in their order, all of them', async () => {
  for (const made of [
    'messages|reverse|list',
    'messages[::-1]',
    "messages|sort(attribute='content')",
    "messages|unique(attribute='content')|list",
    "messages|rejectattr('content', 'in', ['stop'])|list",
    'messages[-2:]',
  ])
    assert.notDeepEqual(await refusals(`{% set messages = ${made} %}${talk('')}`), [], made);
  assert.deepEqual(await refusals(`{% set messages = messages|list %}${talk('')}`), []);
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
