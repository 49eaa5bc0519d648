import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '#base';
import type { Executor, Row, Stage } from '#execution';
import { type ChatEvent, Node } from '#node';
import { answerIdOf, ask, chat, startNetwork, TINY_MODEL, textOf, until } from '../../support/network.ts';
import { post, serveNode } from '../../support/page-server.ts';
import { afterwards, temporaryDirectory } from '../../support/swarm.ts';

/** Stands before a stage's blocks and spoils what comes out. */
const lying = (stage: Stage, spoil: (out: Float32Array, rows: Row[]) => void): Executor => ({
  first: stage.first,
  end: stage.end,
  hidden: stage.hidden,
  slots: stage.slots,
  context: stage.context,
  async forward(rows, hidden, range) {
    const out = await stage.forward(rows, hidden, range);
    spoil(out, rows);
    return out;
  },
});

test('a split answer: route, text, receipts, an audit that passes, and the same text again', async (t) => {
  const { client, stages } = await startNetwork(t);
  const events = await chat(client, ask('Once upon a time'));
  const [route] = events;
  assert.ok(route?.type === 'route');
  assert.deepEqual(
    route.hops.map(({ name, first, end }) => [name, first, end]),
    [
      ['stage 1', 0, 1],
      ['stage 2', 1, 2],
      ['stage 3', 2, 3],
    ],
  );
  const done = events.at(-1);
  assert.ok(done?.type === 'done' && done.completionTokens > 0);

  await until(
    () => client.audit(route.answerId)?.state !== 'pending' && client.audit(route.answerId) !== undefined,
  );
  const audit = client.audit(route.answerId)!;
  assert.equal(audit.state, 'passed', audit.summary);
  assert.equal(audit.signed, audit.recomputed);
  assert.notEqual(audit.auditor?.nodeId, audit.stage?.nodeId);

  assert.equal(textOf(await chat(client, ask('Once upon a time'))), textOf(events));
  await until(() =>
    stages.every(
      (stage) => stage.network().transfers[0]?.bytesHave === stage.network().transfers[0]?.bytesTotal,
    ),
  );
});

test('every complete answer is audited, whenever after its end its reader leaves', async (t) => {
  const { client } = await startNetwork(t);
  const server = await serveNode(client);
  afterwards(t, () => server.stop());
  const atDone = async (content: string): Promise<string> => {
    const body = { stream: true, max_tokens: 2, messages: [{ role: 'user', content }] };
    const response = await server.call('/v1/chat/completions', post(body));
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('[DONE]')) text += (await reader.read()).value!;
    await reader.cancel();
    return /"answerId":"([^"]+)"/.exec(text)![1]!;
  };
  /** The signal aborts in the very moment of the last event, while the session is still being closed. */
  const atOnce = async (content: string): Promise<string> => {
    const gone = new AbortController();
    const events: ChatEvent[] = [];
    for await (const event of client.chat(ask(content, 2), gone.signal)) {
      events.push(event);
      if (event.type === 'done') gone.abort();
    }
    return answerIdOf(events);
  };
  const answers: string[] = [];
  for (let i = 0; i < 10; i++) answers.push(await atDone(`Hello ${i}`), await atOnce(`Hello ${i}`));
  const states = () => answers.map((id) => client.audit(id)?.state ?? 'none');
  await until(() => states().every((state) => state !== 'none' && state !== 'pending'));
  assert.deepEqual(states(), Array(20).fill('passed'));
});

test('a node on its own answers with its own blocks', async (t) => {
  const home = await temporaryDirectory(t);
  const roles = ['seed', 'run', 'client'] as const;
  const settings = { home, roles: [...roles], threads: 1, publish: TINY_MODEL, trackerPort: 0 };
  const node = await Node.start(settings, { log: createLog('silent') });
  afterwards(t, () => node.stop());
  await node.work();
  await until(() => node.models()[0]?.available === true);
  const events = await chat(node, ask('Once upon a time'));
  assert.ok(events[0]?.type === 'route' && events[0].hops[0]?.nodeId === node.id);
  assert.ok(events.at(-1)?.type === 'done' && textOf(events).length > 0);
});

test('a stage that flips one bit is caught by an audit and named', async (t) => {
  const flip = (out: Float32Array) => {
    new Uint32Array(out.buffer, out.byteOffset)[3]! ^= 1;
  };
  const { client } = await startNetwork(t, (stage, index) => (index === 1 ? lying(stage, flip) : stage));
  for (let tries = 0; tries < 40; tries++) {
    const id = answerIdOf(await chat(client, ask('Tell me a story', 3)));
    await until(() => client.audit(id)?.state !== 'pending' && client.audit(id) !== undefined);
    const audit = client.audit(id)!;
    if (audit.stage?.name !== 'stage 2') {
      assert.equal(audit.state, 'passed', audit.summary);
      continue;
    }
    assert.equal(audit.state, 'failed');
    assert.match(audit.summary, /stage 2 did not compute what it signed/);
    assert.notEqual(audit.signed, audit.recomputed);
    return;
  }
  assert.fail('stage 2 was never drawn in 40 audits');
});

test('without a stage the next prompt fails with an error that names it', async (t) => {
  const { client, stages } = await startNetwork(t);
  await chat(client, ask('Hello', 3));
  await stages[1]!.stop();
  await assert.rejects(chat(client, ask('Hello again', 3)), /stage 2 \(blocks 1–1\)/);
});

test('an answer goes around a stage that refuses it', async (t) => {
  const { client, seeder } = await startNetwork(t);
  const whole = await Node.start(
    {
      home: await temporaryDirectory(t),
      name: 'whole',
      roles: ['seed', 'run'],
      slots: 1,
      threads: 1,
      securityAuthorities: 'none',
      bootstrap: [seeder.addresses[0]!],
      trackers: [...seeder.trackers],
      model: seeder.models()[0]!.id,
    },
    { log: createLog('silent') },
  );
  afterwards(t, () => whole.stop());
  await whole.work();
  const runs = () => client.network().nodes.find(({ id }) => id === whole.id)?.holdings[0]?.blocks;
  await until(() => runs() !== undefined);
  const hopsOf = ([route]: ChatEvent[]) => route?.type === 'route' && route.hops.map(({ name }) => name);

  const first = client.chat(ask('Hello', 3), AbortSignal.timeout(120_000))[Symbol.asyncIterator]();
  const { value: route } = await first.next();
  assert.deepEqual(hopsOf([route]), ['whole']);
  const second = await chat(client, ask('Hello', 3));
  assert.deepEqual(hopsOf(second), ['stage 1', 'stage 2', 'stage 3']);
  await first.return?.();
});

test('a chat can be stopped at any time, and the slot is free again', async (t) => {
  const { client } = await startNetwork(t);
  for (let i = 0; i < 6; i++) {
    const stop = new AbortController();
    let tokens = 0;
    for await (const event of client.chat(ask('Count to a hundred', 200), stop.signal)) {
      if (event.type === 'token' && ++tokens === 3) stop.abort();
    }
    assert.ok(tokens < 20, `${tokens} tokens after the stop`);
  }
  assert.ok((await chat(client, ask('Hello', 3))).at(-1)?.type === 'done');
});

test('a conversation that is too long is refused with what to do', async (t) => {
  const { client } = await startNetwork(t);
  await assert.rejects(
    chat(client, ask('word '.repeat(5000))),
    /CONTEXT_EXCEEDED|shorten it or start a new one/,
  );
});

test('an unknown model is refused and the known ones are named', async (t) => {
  const { client } = await startNetwork(t);
  await assert.rejects(
    chat(client, { ...ask('Hello'), model: 'gpt-9' }),
    /cannot chat with gpt-9; it can with: /,
  );
});
