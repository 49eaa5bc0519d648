/** What programs send beside the messages: what is honoured, what is taken because it asks for nothing, what is refused. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, test } from 'node:test';
import type { ChatRequest } from '#node';
import { REFUSED_FIELDS } from '../../../src/server/chat-fields.ts';
import { SUPPORTED_FIELDS } from '../../../src/server/chat-request.ts';
import { post, type Running, startServer } from '../../support/page-server.ts';
import { HOPS, MODEL, saying } from '../../support/scripted-node.ts';

const USER = { role: 'user', content: 'hi' };
let server: Running;
before(async () => {
  server = await startServer();
});
after(() => server.stop());
beforeEach(() => {
  server.node.chats.length = 0;
  server.node.answer = () => saying('a1', ['Paris', '.']);
});

const complete = (body: object) => server.call('/v1/chat/completions', post({ messages: [USER], ...body }));

/** What the node is asked, without the messages. */
async function asked(body: object): Promise<Partial<ChatRequest>> {
  server.node.chats.length = 0;
  const response = await complete(body);
  assert.equal(response.status, 200, `${JSON.stringify(body)}: ${await response.clone().text()}`);
  const { messages: _, ...request } = server.node.chats[0]!.request;
  return request;
}

async function refusal(body: object): Promise<{ code: string; param: string; message: string }> {
  const response = await complete(body);
  assert.equal(response.status, 400, JSON.stringify(body));
  assert.equal(server.node.chats.length, 0);
  return (await response.json()).error;
}

test('null is nothing, in every field', async () => {
  const fields = [...SUPPORTED_FIELDS.filter((field) => field !== 'messages'), ...REFUSED_FIELDS];
  assert.deepEqual(await asked(Object.fromEntries(fields.map((field) => [field, null]))), {});
});

test('every spelling of "off" that servers of the field document is taken', async () => {
  const off: object[] = [
    { top_k: 0 },
    { top_k: -1 },
    { min_p: 0, presence_penalty: 0, frequency_penalty: 0, logit_bias: {}, logprobs: false, top_logprobs: 0 },
    { repetition_penalty: 1, repeat_penalty: 1.0, repeat_last_n: 64 },
    { stop: '' },
    { stop: [] },
    { stop: ['', ''] },
    { model: '' },
    { seed: -1 },
    { n: 1, best_of: 1, tools: [], functions: [], tool_choice: 'auto', function_call: 'none' },
    {
      response_format: { type: 'text' },
      modalities: ['text'],
      reasoning_effort: 'medium',
      verbosity: 'medium',
    },
    { use_beam_search: false, length_penalty: 1, min_tokens: 0, ignore_eos: false, echo: false },
    { stop_token_ids: [], bad_words: [], documents: [], chat_template_kwargs: {}, skip_special_tokens: true },
    { add_generation_prompt: true, continue_final_message: false, include_stop_str_in_output: false },
    { guided_json: '', guided_choice: [], grammar: '', json_schema: {}, structured_outputs: {} },
    { mirostat: 0, mirostat_tau: 5, typical_p: 1, xtc_probability: 0, xtc_threshold: 0.1, dry_multiplier: 0 },
    { dry_base: 1.75, dynatemp_range: 0, dynatemp_exponent: 1, top_n_sigma: -1, n_probs: 0, samplers: [] },
  ];
  for (const body of off) assert.deepEqual(await asked(body), {}, JSON.stringify(body));
  assert.deepEqual(await asked({ max_tokens: 2_147_483_647 }), { maxTokens: 1_000_000 });
  assert.deepEqual(await asked({ max_completion_tokens: 1e30 }), { maxTokens: 1_000_000 });
  assert.deepEqual(await asked({ max_tokens: -1 }), { maxTokens: 1_000_000 });
  assert.deepEqual(await asked({ top_p: 0 }), { topP: 0 });
  assert.deepEqual(await asked({ top_p: 1, temperature: 0 }), { topP: 1, temperature: 0 });
});

test('fields that change nothing are taken', async () => {
  const harmless = {
    user: 'ann',
    metadata: { a: 'b' },
    store: true,
    service_tier: 'flex',
    parallel_tool_calls: false,
    prediction: { type: 'content', content: 'x' },
    prompt_cache_key: 'k',
    safety_identifier: 's',
    cache_prompt: true,
    id_slot: 0,
    priority: 1,
    request_id: 'r',
    timings_per_token: true,
    anything_else: 1,
    stream_options: { include_usage: true, include_obfuscation: false },
  };
  assert.deepEqual(await asked(harmless), {});
});

test('sampling is handed on', async () => {
  assert.deepEqual(await asked({ min_p: 0.05, seed: 7, logprobs: true, top_logprobs: 3 }), {
    minP: 0.05,
    seed: 7,
    logprobs: 3,
  });
  assert.deepEqual(await asked({ presence_penalty: 0.5, frequency_penalty: -1, logit_bias: { 5: -100 } }), {
    presencePenalty: 0.5,
    frequencyPenalty: -1,
    logitBias: [[5, -100]],
  });
  assert.deepEqual(
    await asked({
      logit_bias: [
        [5, 1.5],
        [6, false],
      ],
    }),
    {
      logitBias: [
        [5, 1.5],
        [6, null],
      ],
    },
  );
  // vLLM's penalty looks back over everything, llama.cpp's over the last 64 tokens.
  assert.deepEqual(await asked({ repetition_penalty: 1.3 }), { repetitionPenalty: 1.3 });
  assert.deepEqual(await asked({ repeat_penalty: 1.1 }), { repetitionPenalty: 1.1, repetitionWindow: 64 });
  assert.deepEqual(await asked({ repeat_penalty: 1.1, repeat_last_n: -1 }), { repetitionPenalty: 1.1 });
  assert.deepEqual(await asked({ n_predict: 9 }), { maxTokens: 9 });
  assert.deepEqual(await asked({ stop: Array.from({ length: 17 }, (_, i) => `s${i}`) }), {
    stop: Array.from({ length: 17 }, (_, i) => `s${i}`),
  });
  assert.deepEqual(await asked({ stop: 'x'.repeat(5000) }), { stop: ['x'.repeat(5000)] });
});

test('a seed of 64 bits is one of 53, the same for the same', async () => {
  const [{ seed: one }, { seed: again }, { seed: other }] = [
    await asked({ seed: 2 ** 63 }),
    await asked({ seed: 2 ** 63 }),
    await asked({ seed: 2 ** 63 + 2 ** 20 }),
  ];
  assert.ok(Number.isSafeInteger(one) && Number.isSafeInteger(other));
  assert.equal(one, again);
  assert.notEqual(one, other);
});

test('what is not there and would change the answer is refused by its name', async () => {
  const asking: Record<string, unknown> = {
    guided_json: { type: 'object' },
    guided_regex: 'a+',
    guided_choice: ['a'],
    guided_grammar: 'root ::= "a"',
    structured_outputs: { json: {} },
    grammar: 'root ::= "a"',
    json_schema: { type: 'object' },
    response_format: { type: 'json_schema', json_schema: { name: 'x', schema: {} } },
    use_beam_search: true,
    best_of: 3,
    mirostat: 2,
    dry_multiplier: 0.8,
    xtc_probability: 0.5,
    typical_p: 0.5,
    min_tokens: 4,
    ignore_eos: true,
    stop_token_ids: [1],
    bad_words: ['x'],
    echo: true,
    continue_final_message: true,
    chat_template: '{{ messages }}',
    chat_template_kwargs: { enable_thinking: false },
    documents: [{ text: 'x' }],
    audio: { voice: 'a', format: 'wav' },
    reasoning_effort: 'high',
    function_call: { name: 'f' },
    lora: [{ id: 0, scale: 1 }],
    prompt: 'x',
  };
  for (const [param, value] of Object.entries(asking)) {
    assert.ok(REFUSED_FIELDS.includes(param), param);
    const error = await refusal({ [param]: value });
    assert.deepEqual([error.code, error.param], ['UNSUPPORTED_PARAMETER', param]);
    assert.match(error.message, new RegExp(`"${param}"`));
  }
  assert.equal((await refusal({ top_logprobs: 5 })).param, 'top_logprobs');
});

test('a content is a text, parts of text, or nothing', async () => {
  const contentOf = async (content: unknown) => {
    server.node.chats.length = 0;
    await complete({ messages: [USER, { role: 'assistant', content }, USER] });
    return server.node.chats[0]?.request.messages[1]?.content;
  };
  assert.equal(await contentOf(null), '');
  assert.equal(await contentOf(undefined), '');
  assert.equal(await contentOf([]), '');
  const parts = [
    { type: 'text', text: 'a' },
    { type: 'input_text', text: 'b' },
    { type: 'refusal', refusal: 'c' },
  ];
  assert.equal(await contentOf(parts), 'abc');
  const assistant = { role: 'assistant', content: 'x', refusal: null, annotations: [], tool_calls: [] };
  assert.deepEqual(await asked({ messages: [USER, assistant, USER] }), {});
});

test('what is no text, and what belongs to tools, is refused by its place', async () => {
  const image = { type: 'image_url', image_url: { url: 'data:,' } };
  const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } };
  const cases: [object, string][] = [
    [{ role: 'user', content: [{ type: 'text', text: 'x' }, image] }, 'messages.0.content.1.type'],
    [{ role: 'user', content: [{ type: 'input_audio', input_audio: {} }] }, 'messages.0.content.0.type'],
    [{ role: 'assistant', content: null, tool_calls: [call] }, 'messages.0.tool_calls'],
    [{ role: 'assistant', content: null, function_call: call.function }, 'messages.0.function_call'],
    [{ role: 'tool', tool_call_id: 'c', content: '1' }, 'messages.0.role'],
    [{ role: 'function', name: 'f', content: '1' }, 'messages.0.role'],
  ];
  for (const [message, param] of cases) {
    const error = await refusal({ messages: [message] });
    assert.deepEqual([error.code, error.param], ['UNSUPPORTED_PARAMETER', param]);
  }
});

test('what is wrong with a value that may be of several kinds is said', async () => {
  const { message } = await refusal({ messages: [{ role: 'user', content: { type: 'text', text: 'x' } }] });
  assert.equal(message, '"messages.0.content" must be a text or a list, not an object');
  assert.equal((await refusal({ stop: [7] })).message, '"stop.0" must be a text, not 7');
  assert.equal(
    (await refusal({ logit_bias: { 7: 101 } })).message,
    '"logit_bias.7" must be at most 100, not 101',
  );
  assert.equal((await refusal({ temperature: '0.7' })).message, '"temperature" must be a number, not a text');
});

test('several answers to one request, each with a seed of its own, count their prompt once', async () => {
  const whole = await (await complete({ n: 3, seed: 5 })).json();
  assert.deepEqual(
    whole.choices.map((choice: { index: number; message: { content: string } }) => [
      choice.index,
      choice.message.content,
    ]),
    [
      [0, 'Paris.'],
      [1, 'Paris.'],
      [2, 'Paris.'],
    ],
  );
  assert.deepEqual(whole.usage, { prompt_tokens: 12, completion_tokens: 6, total_tokens: 18 });
  assert.equal(new Set(server.node.chats.map(({ request }) => request.seed)).size, 3);

  const stream = await complete({ n: 2, stream: true, stream_options: { include_usage: true } });
  const lines = [...(await stream.text()).matchAll(/^data: (\{.*)$/gm)].map(([, line]) => JSON.parse(line!));
  const texts = ['', ''];
  for (const { choices } of lines)
    for (const { index, delta } of choices) texts[index] += delta.content ?? '';
  assert.deepEqual(texts, ['Paris.', 'Paris.']);
  assert.equal(new Set(lines.map(({ id }) => id)).size, 1);
  assert.equal(lines.at(-1).usage.completion_tokens, 4);
});

test('probabilities are in the form of OpenAI, whole and streamed', async () => {
  const word = { text: 'Paris', bytes: [80, 97, 114, 105, 115], logprob: -0.25 };
  server.node.answer = async function* () {
    yield { type: 'route', answerId: 'a2', model: MODEL.id, hops: HOPS, context: 2048 };
    yield { type: 'token', text: 'Paris', chosen: [{ ...word, likeliest: [word] }] };
    const counts = { promptTokens: 1, completionTokens: 1, timeToFirstTokenMs: 1, tokensPerSecond: 1 };
    yield { type: 'done', reason: 'stop', ...counts };
  };
  const own = { token: 'Paris', bytes: word.bytes, logprob: -0.25 };
  const expected = { content: [{ ...own, top_logprobs: [own] }], refusal: null };
  const whole = await (await complete({ logprobs: true, top_logprobs: 1 })).json();
  assert.deepEqual(whole.choices[0].logprobs, expected);
  const stream = await (await complete({ logprobs: true, top_logprobs: 1, stream: true })).text();
  const lines = [...stream.matchAll(/^data: (\{.*)$/gm)].map(([, line]) => JSON.parse(line!));
  const given = lines.flatMap(({ choices }) => choices[0].logprobs ?? []);
  assert.deepEqual(given, [expected]);
});

test('docs/api.md names every field that is honoured or refused', () => {
  const section = readFileSync('docs/api.md', 'utf8')
    .split('### `POST /v1/chat/completions`')[1]!
    .split('\n### ')[0]!;
  for (const field of [...SUPPORTED_FIELDS, ...REFUSED_FIELDS])
    assert.ok(section.includes(`\`${field}\``), `${field} is not in the table`);
});
