import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { BitorchError } from '#base';
import { post, type Running, startServer } from '../../support/page-server.ts';
import { HOPS, passedAudit, saying } from '../../support/scripted-node.ts';

const ASK = { messages: [{ role: 'user', content: 'What is the capital of France?' }] };
/** A cancellation that never arrives must fail, not hang. */
const NOT_HANGING = { timeout: 20_000 };
let server: Running;
before(async () => {
  server = await startServer();
});
after(() => server.stop());
beforeEach(() => {
  server.node.chats.length = 0;
  server.node.answer = () => saying('a1', ['Paris', ' is', ' the', ' capital.']);
});

const complete = (body: object, init: RequestInit = {}) =>
  server.call('/v1/chat/completions', { ...post({ ...ASK, ...body }), ...init });

async function chunksOf(response: Response) {
  const text = await response.text();
  const data = [...text.matchAll(/^data: (.*)$/gm)].map((match) => match[1]!);
  assert.equal(data.pop(), '[DONE]');
  return data.map((line) => JSON.parse(line));
}

test('answers whole, with usage and the route', async () => {
  server.node.setAudit(passedAudit('a1'));
  const response = await complete({});
  assert.equal(response.status, 200);
  const body = await response.json();
  assert.equal(body.object, 'chat.completion');
  assert.equal(body.choices[0].message.content, 'Paris is the capital.');
  assert.equal(body.choices[0].finish_reason, 'stop');
  assert.deepEqual(body.usage, { prompt_tokens: 12, completion_tokens: 4, total_tokens: 16 });
  assert.deepEqual(body.bitorch.route, HOPS);
  assert.equal(body.bitorch.audit.state, 'passed');
});

test('streams: route first, report last, usage only when asked', async () => {
  const response = await complete({ stream: true, stream_options: { include_usage: true } });
  assert.match(response.headers.get('content-type')!, /^text\/event-stream/);
  const chunks = await chunksOf(response);
  assert.deepEqual(chunks[0].bitorch, { answerId: 'a1', hops: HOPS, context: 2048 });
  const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
  assert.equal(text, 'Paris is the capital.');
  const [last, usage] = chunks.slice(-2);
  assert.equal(last.choices[0].finish_reason, 'stop');
  assert.equal(last.bitorch.tokens_per_second, 41.37);
  assert.deepEqual(usage.choices, []);
  assert.equal(usage.usage.total_tokens, 16);

  const without = await chunksOf(await complete({ stream: true }));
  assert.ok(without.every((chunk) => chunk.usage === undefined && chunk.choices.length === 1));
});

test('hands on what the request says, in the words of the node', async () => {
  await complete({
    model: 'm',
    messages: [
      {
        role: 'developer',
        content: [
          { type: 'text', text: 'Be ' },
          { type: 'text', text: 'brief.' },
        ],
      },
      { role: 'user', content: 'Hi', name: 'ann' },
    ],
    max_tokens: 5,
    max_completion_tokens: 7,
    temperature: 0,
    top_p: 0.9,
    top_k: 40,
    seed: 3,
    stop: 'END',
    user: 'ann',
    metadata: { a: 'b' },
    tools: [],
    n: 1,
    presence_penalty: 0,
    frequency_penalty: null,
  });
  assert.deepEqual(server.node.chats[0]!.request, {
    model: 'm',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
    ],
    maxTokens: 7,
    temperature: 0,
    topP: 0.9,
    topK: 40,
    seed: 3,
    stop: ['END'],
  });
});

for (const [param, value] of Object.entries({
  tools: [{ type: 'function' }],
  tool_choice: 'required',
  functions: [{}],
  response_format: { type: 'json_object' },
  modalities: ['text', 'audio'],
  web_search_options: {},
})) {
  test(`refuses ${param}, which would change the answer`, async () => {
    const response = await complete({ [param]: value });
    assert.equal(response.status, 400);
    const { error } = await response.json();
    assert.deepEqual(
      [error.type, error.code, error.param],
      ['invalid_request_error', 'UNSUPPORTED_PARAMETER', param],
    );
    assert.equal(server.node.chats.length, 0);
  });
}

test('names the field of a bad request', async () => {
  const cases: [object, string | null][] = [
    [{ messages: [] }, 'messages'],
    [{ messages: [{ role: 'robot', content: 'x' }] }, 'messages.0.role'],
    [{ temperature: 3 }, 'temperature'],
    [{ max_tokens: 0 }, 'max_tokens'],
    [{ stop: [1] }, 'stop.0'],
    [{ messages: [{ role: 'user', content: [{ type: 'text', text: 3 }] }] }, 'messages.0.content.0.text'],
    [{ messages: [{ role: 'user', content: [{ type: 'text' }] }] }, 'messages.0.content.0.text'],
    [{ logit_bias: { x: 1 } }, 'logit_bias.x'],
    [{ logprobs: 5 }, 'logprobs'],
    [{ n: 17 }, 'n'],
  ];
  for (const [body, param] of cases) {
    const response = await complete(body);
    assert.equal(response.status, 400, JSON.stringify(body));
    const { error } = await response.json();
    assert.equal(error.code, 'INVALID_REQUEST');
    assert.equal(error.param, param);
  }
});

test('an error before the first chunk is a status, after it the last chunk', async () => {
  server.node.answer = async function* () {
    yield* [];
    throw new BitorchError('BLOCKS_MISSING', 'no node serves blocks 10–19 now');
  };
  const early = await complete({ stream: true });
  assert.equal(early.status, 503);
  assert.equal((await early.json()).error.code, 'BLOCKS_MISSING');

  server.node.answer = async function* () {
    yield { type: 'route', answerId: 'a2', model: 'm', hops: HOPS, context: 2048 };
    throw new BitorchError('STAGE_FAILED', 'birch went away');
  };
  const late = await complete({ stream: true });
  assert.equal(late.status, 200);
  const chunks = await chunksOf(late);
  assert.deepEqual(chunks.at(-1).error.message, 'birch went away');
  assert.equal((await complete({})).status, 502);
});

test('an answer that the node cuts short is an error, not an end', async () => {
  for (const cut of [true, false]) {
    server.node.answer = async function* () {
      yield { type: 'route', answerId: 'a4', model: 'm', hops: HOPS, context: 2048 };
      yield { type: 'token', text: 'Par' };
      if (cut) return;
      const counts = { promptTokens: 1, completionTokens: 1, timeToFirstTokenMs: 1, tokensPerSecond: 1 };
      yield { type: 'done', reason: 'cancelled', ...counts };
    };
    const chunks = await chunksOf(await complete({ stream: true }));
    assert.equal(chunks.at(-1).error.code, 'CANCELLED');
    assert.ok(chunks.every((chunk) => !chunk.choices?.[0]?.finish_reason));
    assert.equal((await complete({})).status, 499);
  }
});

test('an answer that went round in a circle was cut off, and says why', async () => {
  server.node.answer = async function* () {
    yield { type: 'route', answerId: 'a5', model: 'm', hops: HOPS, context: 2048 };
    const counts = { promptTokens: 1, completionTokens: 48, timeToFirstTokenMs: 1, tokensPerSecond: 1 };
    yield { type: 'done', reason: 'repetition', ...counts };
  };
  const whole = await (await complete({})).json();
  assert.equal(whole.choices[0].finish_reason, 'length');
  assert.equal(whole.bitorch.ended, 'repetition');
});

test('hides what it does not know of its own failures', async () => {
  server.node.answer = () => {
    throw new Error('secret path /home/ann');
  };
  const response = await complete({});
  assert.equal(response.status, 500);
  assert.doesNotMatch(await response.text(), /secret/);
});

for (const stream of [true, false]) {
  test(`a client that leaves cancels the ${stream ? 'streamed' : 'whole'} answer`, NOT_HANGING, async () => {
    const aborted = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    server.node.answer = async function* (_, signal) {
      signal.addEventListener('abort', () => aborted.resolve());
      yield { type: 'route', answerId: 'a3', model: 'm', hops: HOPS, context: 2048 };
      begun.resolve();
      await aborted.promise;
    };
    const leave = new AbortController();
    const response = server.call('/v1/chat/completions', {
      ...post({ ...ASK, stream }),
      signal: leave.signal,
    });
    const gone = response.then((r) => r.text()).catch(() => 'aborted');
    await begun.promise;
    leave.abort();
    await aborted.promise;
    await gone;
  });
}

test('lists models as OpenAI does', async () => {
  const list = await (await server.call('/v1/models')).json();
  assert.equal(list.object, 'list');
  assert.equal(list.data[0].id, 'smollm2-135m-instruct');
  assert.equal((await server.call('/v1/models/smollm2-135m-instruct')).status, 200);
  const missing = await server.call('/v1/models/no/such');
  assert.equal(missing.status, 404);
  assert.equal((await missing.json()).error.code, 'MODEL_UNKNOWN');
});

test('a token has sixteen chats answered at a time; others wait for their turn', NOT_HANGING, async () => {
  const ends: (() => void)[] = [];
  server.node.answer = async function* () {
    const whole = saying('a1', ['Paris']);
    await new Promise<void>((resolve) => ends.push(resolve));
    yield* whole;
  };
  const waiting = Array.from({ length: 16 }, (_, i) => complete({ stream: i % 2 === 0 }));
  while (server.node.chats.length < 16) await new Promise((resolve) => setTimeout(resolve, 5));
  const leave = new AbortController();
  const gone = assert.rejects(complete({}, { signal: leave.signal }));
  const queued = Array.from({ length: 256 }, () => complete({}));
  // Refused, because as many wait as may.
  const refused = await Promise.any([...queued, complete({})]);
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get('retry-after'), '10');
  assert.equal((await refused.json()).error.code, 'CHATS_TOO_MANY');
  leave.abort();
  await gone;
  while (ends.length < 16) await new Promise((resolve) => setTimeout(resolve, 5));
  for (const end of ends.splice(0)) end();
  for (const response of await Promise.all(waiting))
    assert.equal(response.status, 200, await response.text());
  const next = complete({});
  const over = Promise.all([...queued, next]);
  let isOver = false;
  over.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    assert.ok(ends.length <= 16);
    for (const end of ends.splice(0)) end();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const statuses = (await over).map(({ status }) => status);
  assert.ok(statuses.filter((status) => status === 200).length >= 256, `${statuses}`);
});
