import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatPrompt, tryPrompts } from '#execution';
import { folderTokenizer } from '../../support/small-tokenizers.ts';

const tokenizer = folderTokenizer('tiny-tied');
const vocab = tokenizer.vocab;
const user = [{ role: 'user', content: 'Hi' }];

test('a chat becomes tokens that the model has', () => {
  const prompt = chatPrompt(user, { tokenizer, chatTemplate: '{{ messages[0].content }}', vocab });
  assert.equal(tokenizer.decode(prompt), 'Hi');
});

test('a chat that leaves no token, or tokens beyond the embedding, is refused with what is wrong', () => {
  const refused = (chatTemplate: string, rows: number, code: string) =>
    assert.throws(() => chatPrompt(user, { tokenizer, chatTemplate, vocab: rows }), { code });
  refused('{# nothing #}', vocab, 'PROMPT_EMPTY');
  refused('{{ messages[0].content }}', 3, 'TOKEN_INVALID');
});

test('a model is published only when chats become prompts', () => {
  const refused = (chatTemplate: string, code: string) =>
    assert.throws(() => tryPrompts({ tokenizer, chatTemplate, vocab }), { code });
  refused('{% if false %}{{ 1 | urlize }}{% endif %}x', 'CHAT_TEMPLATE_UNSUPPORTED');
  refused('{% if false %}{{ "a".translate(1) }}{% endif %}x', 'CHAT_TEMPLATE_UNSUPPORTED');
  refused('{% if false %}{{ lipsum() }}{% endif %}x', 'CHAT_TEMPLATE_UNSUPPORTED');
  refused('{% include "x" %}', 'TEMPLATE_INVALID');
  refused("{{ raise_exception('no users') }}", 'CHAT_TEMPLATE_FAILED');
  refused('{% if messages[0].role == "system" %}{{ "x" * 9999999 }}{% endif %}x', 'CHAT_TEMPLATE_LIMIT');
  refused('', 'PROMPT_EMPTY');
  tryPrompts({ tokenizer, chatTemplate: null, vocab });
  const noSystem =
    "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}{{ m.content }}{% endfor %}";
  tryPrompts({ tokenizer, chatTemplate: noSystem, vocab });
});
