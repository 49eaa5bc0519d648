/** The official OpenAI client against our server: what it sends and expects is the specification. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import OpenAI from 'openai';
import { BitorchError } from '#base';
import { type Running, startServer, TOKEN } from '../../support/page-server.ts';
import { HOPS, MODEL, saying } from '../../support/scripted-node.ts';

const ASK = { model: MODEL.id, messages: [{ role: 'user' as const, content: 'Capital of France?' }] };
let server: Running;
let client: OpenAI;
before(async () => {
  server = await startServer();
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: TOKEN, maxRetries: 0 });
});
after(() => server.stop());
beforeEach(() => {
  server.node.answer = () => saying('a1', ['Paris', '.']);
});

test('a whole answer', async () => {
  const answer = await client.chat.completions.create({ ...ASK, temperature: 0 });
  assert.equal(answer.choices[0]!.message.content, 'Paris.');
  assert.equal(answer.usage?.total_tokens, 14);
});

test('a stream, with usage', async () => {
  const options = { ...ASK, stream: true as const, stream_options: { include_usage: true } };
  let text = '';
  let usage: OpenAI.CompletionUsage | null | undefined;
  for await (const chunk of await client.chat.completions.create(options)) {
    text += chunk.choices[0]?.delta.content ?? '';
    usage = chunk.usage ?? usage;
  }
  assert.equal(text, 'Paris.');
  assert.equal(usage?.completion_tokens, 2);
});

test("the client's stream helper assembles the same answer", async () => {
  const final = await client.chat.completions.stream(ASK).finalChatCompletion();
  assert.equal(final.choices[0]!.message.content, 'Paris.');
  assert.equal(final.choices[0]!.finish_reason, 'stop');
});

test('an abort in the middle reaches the node', { timeout: 20_000 }, async () => {
  const aborted = Promise.withResolvers<void>();
  server.node.answer = async function* (_, signal) {
    signal.addEventListener('abort', () => aborted.resolve());
    yield { type: 'route', answerId: 'a2', model: MODEL.id, hops: HOPS, context: 2048 };
    yield { type: 'token', text: 'Par' };
    await aborted.promise;
  };
  const stream = await client.chat.completions.create({ ...ASK, stream: true });
  for await (const chunk of stream) if (chunk.choices[0]?.delta.content) stream.controller.abort();
  await aborted.promise;
});

test('errors are what the client calls them', async () => {
  const stranger = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'wrong', maxRetries: 0 });
  await assert.rejects(stranger.models.list(), OpenAI.AuthenticationError);
  await assert.rejects(client.chat.completions.create({ ...ASK, modalities: ['audio'] }), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.deepEqual([error.code, error.param], ['UNSUPPORTED_PARAMETER', 'modalities']);
    return true;
  });
  await assert.rejects(client.models.retrieve('none'), OpenAI.NotFoundError);

  server.node.answer = async function* () {
    yield { type: 'route', answerId: 'a3', model: MODEL.id, hops: HOPS, context: 2048 };
    throw new BitorchError('STAGE_FAILED', 'birch went away');
  };
  const broken = await client.chat.completions.create({ ...ASK, stream: true });
  await assert.rejects(async () => {
    for await (const _ of broken) assert.ok(true);
  }, /birch went away/);
});

test('several answers, with their probabilities', async () => {
  const word = { text: 'Paris', bytes: [80, 97, 114, 105, 115], logprob: -0.25 };
  server.node.answer = async function* () {
    yield { type: 'route', answerId: 'a4', model: MODEL.id, hops: HOPS, context: 2048 };
    yield { type: 'token', text: 'Paris', chosen: [{ ...word, likeliest: [word] }] };
    const counts = { promptTokens: 3, completionTokens: 1, timeToFirstTokenMs: 1, tokensPerSecond: 1 };
    yield { type: 'done', reason: 'stop', ...counts };
  };
  const asking = {
    ...ASK,
    n: 2,
    logprobs: true,
    top_logprobs: 1,
    seed: 1,
    presence_penalty: 0.1,
    frequency_penalty: 0.1,
    logit_bias: { 5: -100 },
    user: 'ann',
    metadata: { a: 'b' },
    store: false,
  };
  const answer = await client.chat.completions.create(asking);
  assert.deepEqual(
    answer.choices.map(({ index, message }) => [index, message.content]),
    [
      [0, 'Paris'],
      [1, 'Paris'],
    ],
  );
  assert.equal(answer.choices[1]!.logprobs?.content?.[0]?.top_logprobs[0]?.token, 'Paris');
  const streamed = await client.chat.completions.stream(asking).finalChatCompletion();
  assert.equal(streamed.choices[1]!.message.content, 'Paris');
  assert.equal(streamed.choices[0]!.logprobs?.content?.[0]?.logprob, -0.25);
});

test('models', async () => {
  const models = await client.models.list();
  assert.deepEqual(
    models.data.map((model) => model.id),
    [MODEL.id],
  );
});
