import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { renderChat, type TemplateMessage } from '#execution';

interface Fixture {
  oracle: string;
  bos: string;
  eos: string;
  cases: {
    name: string;
    template: string;
    messages: TemplateMessage[];
    addGenerationPrompt: boolean;
    /** null where the template refuses the messages. */
    text: string | null;
  }[];
}

const { oracle, bos, eos, cases }: Fixture = JSON.parse(
  readFileSync(new URL('../hf/chat-templates.json', import.meta.url), 'utf8'),
);

test(`chat templates render as ${oracle} renders them`, () => {
  assert.ok(cases.some(({ text }) => text === null) && cases.some(({ text }) => text !== null));
  for (const { name, template, messages, addGenerationPrompt, text } of cases) {
    const render = () => renderChat(template, messages, { addGenerationPrompt, bos, eos });
    if (text === null) assert.throws(render, { code: 'CHAT_TEMPLATE_FAILED' }, name);
    else assert.equal(render(), text, name);
  }
});
