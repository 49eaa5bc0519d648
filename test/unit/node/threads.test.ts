import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { BitorchError } from '#base';
import type { FollowEvent, Thread, ThreadsApi, Turn } from '#node';
import { type KeptOptions, keptThreads } from '../../support/kept-threads.ts';
import { scriptedChat } from '../../support/scripted-answer.ts';
import { passedAudit } from '../../support/scripted-node.ts';
import { afterwards, temporaryDirectory } from '../../support/swarm.ts';

const never = new AbortController().signal;

async function world(t: TestContext, options: Partial<KeptOptions> = {}) {
  const folder = await temporaryDirectory(t);
  const { chat, next } = scriptedChat();
  const open = () => {
    const threads = keptThreads({ folder, chat, ...options });
    afterwards(t, () => threads.stop());
    return threads;
  };
  return { open, next, threads: open(), folder };
}

/** Follows an answer to its end. */
async function ended(threads: ThreadsApi, { id }: Thread, turn: Turn, from = 0) {
  const events: FollowEvent[] = [];
  for await (const event of await threads.follow(id, turn.id, from, never)) events.push(event);
  const end = events.at(-1)!;
  assert.equal(end.type, 'end');
  const text = events.map((event) => (event.type === 'text' ? event.text : '')).join('');
  return { events, text, turn: (end as Extract<FollowEvent, { type: 'end' }>).turn };
}

const answered = async (
  w: Awaited<ReturnType<typeof world>>,
  thread: Thread,
  prompt: string,
  text: string,
) => {
  const { leaf } = await w.threads.get(thread.id);
  const turn = await w.threads.ask(thread.id, { prompt, parent: leaf });
  const answer = await w.next();
  answer.say(text);
  answer.done();
  return { request: answer.request, turn: (await ended(w.threads, thread, turn)).turn };
};

test('an answer goes on while nobody follows it, and is followed from any offset', async (t) => {
  const w = await world(t, { system: 'Be brief.' });
  const thread = await w.threads.create();
  const turn = await w.threads.ask(thread.id, { prompt: 'Where is\nParis?', parent: null });
  const answer = await w.next();
  assert.deepEqual(answer.request.messages, [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Where is\nParis?' },
  ]);
  answer.say('In ');
  const first = (await w.threads.follow(thread.id, turn.id, 0, never))[Symbol.asyncIterator]();
  assert.equal((await first.next()).value.type, 'route');
  assert.deepEqual((await first.next()).value, { type: 'text', at: 0, text: 'In ' });
  await first.return?.();
  assert.equal(answer.signal.aborted, false, 'a reader that leaves does not end the answer');
  answer.say('France.');
  answer.done();
  const followed = await ended(w.threads, thread, turn, 3);
  assert.equal(followed.text, 'France.');
  assert.equal(followed.turn.answer.state, 'done');
  assert.equal(followed.turn.answer.context, 2048);
  assert.equal((await ended(w.threads, thread, turn)).text, 'In France.', 'also when it has long ended');
  assert.equal(
    (await ended(w.threads, thread, turn, 999)).text,
    'In France.',
    'an offset beyond it is not one',
  );
  const [listed] = await w.threads.list();
  assert.deepEqual(
    { title: listed!.title, running: listed!.running, turns: listed!.turns },
    { title: 'Where is Paris?', running: false, turns: 1 },
  );
});

test('a stopped answer keeps its text and is continued from it', async (t) => {
  const w = await world(t);
  const thread = await w.threads.create();
  const turn = await w.threads.ask(thread.id, { prompt: 'Count', parent: null });
  const answer = await w.next();
  answer.say('One, ');
  const follower = (await w.threads.follow(thread.id, turn.id, 0, never))[Symbol.asyncIterator]();
  await follower.next();
  await follower.next();
  const stopped = await w.threads.stopAnswer(thread.id, turn.id);
  assert.equal(answer.signal.aborted, true);
  assert.deepEqual([stopped.answer.state, stopped.answer.text], ['stopped', 'One, ']);

  await w.threads.resume(thread.id, turn.id);
  const more = await w.next();
  assert.equal(more.request.continued, 'One, ');
  more.say('two.');
  more.done();
  const followed = await ended(w.threads, thread, turn);
  assert.equal(followed.text, 'One, two.');
  assert.equal(followed.turn.answer.state, 'done');
  await assert.rejects(w.threads.resume(thread.id, turn.id), { code: 'ANSWER_COMPLETE' });
});

test('a lost stage leaves the text and its reason, and the answer can be continued', async (t) => {
  const w = await world(t);
  const thread = await w.threads.create();
  const turn = await w.threads.ask(thread.id, { prompt: 'Count', parent: null });
  const answer = await w.next();
  answer.say('One');
  answer.fail(new BitorchError('STAGE_FAILED', 'birch went away.'));
  const failed = (await ended(w.threads, thread, turn)).turn.answer;
  assert.deepEqual(failed.error, { code: 'STAGE_FAILED', message: 'birch went away.' });
  await w.threads.resume(thread.id, turn.id);
  const more = await w.next();
  more.say(', two');
  more.done();
  const { answer: whole } = (await ended(w.threads, thread, turn)).turn;
  assert.deepEqual([whole.text, whole.state, whole.error], ['One, two', 'done', undefined]);
});

test('the end of the node interrupts an answer; the next start says so and can continue it', async (t) => {
  const w = await world(t);
  const thread = await w.threads.create();
  const turn = await w.threads.ask(thread.id, { prompt: 'Count', parent: null });
  const answer = await w.next();
  answer.say('One');
  const follower = (await w.threads.follow(thread.id, turn.id, 0, never))[Symbol.asyncIterator]();
  await follower.next();
  await follower.next();
  // As after kill -9: another process opens what is on disk.
  const killed = w.open();
  const [torn] = (await killed.get(thread.id)).turns;
  assert.equal(torn!.answer.state, 'failed');
  assert.equal(torn!.answer.error?.code, 'ANSWER_INTERRUPTED');
  await w.threads.stop();
  const [kept] = (await w.open().get(thread.id)).turns;
  assert.deepEqual([kept!.answer.error?.code, kept!.answer.text], ['ANSWER_INTERRUPTED', 'One']);
});

test('the audit is stored with its answer; one that the end of the node prevented is settled', async (t) => {
  const w = await world(t);
  const thread = await w.threads.create();
  const first = await answered(w, thread, 'One?', 'One.');
  const second = await answered(w, thread, 'Two?', 'Two.');
  w.threads.audited({ ...passedAudit(first.turn.answer.answerId!), state: 'pending' });
  w.threads.audited(passedAudit(first.turn.answer.answerId!));
  w.threads.audited(passedAudit('of another answer'));
  await w.threads.stop();
  const turns = (await w.open().get(thread.id)).turns;
  assert.deepEqual(
    turns.map(({ answer }) => answer.audit?.state),
    ['passed', 'unavailable'],
  );
  assert.equal(turns[1]!.answer.audit!.answerId, second.turn.answer.answerId);
});

test('questions with the same parent are versions; the last one asked or chosen is shown', async (t) => {
  const w = await world(t);
  const thread = await w.threads.create();
  const first = await answered(w, thread, 'A?', 'a');
  const second = await answered(w, thread, 'B?', 'b');
  const edited = await w.threads.ask(thread.id, { prompt: 'C?', parent: first.turn.id });
  const answer = await w.next();
  assert.deepEqual(
    answer.request.messages.map(({ content }) => content),
    ['A?', 'a', 'C?'],
  );
  answer.done();
  await ended(w.threads, thread, edited);
  assert.equal((await w.threads.get(thread.id)).leaf, edited.id);
  const back = await w.threads.change(thread.id, { leaf: second.turn.id });
  assert.equal(back.leaf, second.turn.id);
  const root = await w.threads.change(thread.id, { leaf: first.turn.id });
  assert.equal(root.leaf, edited.id, 'the newest version below it');

  const branch = await w.threads.branch(thread.id, first.turn.id);
  assert.deepEqual(
    [branch.turns.map(({ prompt }) => prompt), branch.leaf, branch.title],
    [['A?'], first.turn.id, 'A?'],
  );
  await assert.rejects(w.threads.change(thread.id, { leaf: 'other' }), { code: 'THREAD_UNKNOWN' });
});

test('a conversation writes one answer at a time, the node eight', async (t) => {
  const w = await world(t);
  const thread = await w.threads.create();
  const [one, two] = await Promise.allSettled([
    w.threads.ask(thread.id, { prompt: 'A', parent: null }),
    w.threads.ask(thread.id, { prompt: 'B', parent: null }),
  ]);
  assert.equal(one.status, 'fulfilled');
  assert.equal((two as PromiseRejectedResult).reason.code, 'ANSWER_RUNNING');
  for (let i = 1; i < 8; i++)
    await w.threads.ask((await w.threads.create()).id, { prompt: 'A', parent: null });
  const ninth = await w.threads.create();
  await assert.rejects(w.threads.ask(ninth.id, { prompt: 'A', parent: null }), { code: 'ANSWERS_TOO_MANY' });
  assert.equal((await w.threads.list()).filter(({ running }) => running).length, 8);
});

test('a deleted conversation stops its answer, and comes back when that is undone', async (t) => {
  const w = await world(t);
  const thread = await w.threads.create();
  await w.threads.ask(thread.id, { prompt: 'A', parent: null });
  const answer = await w.next();
  await w.threads.remove(thread.id);
  assert.equal(answer.signal.aborted, true);
  assert.deepEqual(await w.threads.list(), []);
  await assert.rejects(w.threads.get(thread.id), { code: 'THREAD_UNKNOWN' });
  assert.equal((await w.threads.restore(thread.id)).turns[0]!.answer.state, 'stopped');
  assert.equal((await w.threads.list()).length, 1);
});

test('settings belong to the conversation; an empty title is that of the first question', async (t) => {
  const w = await world(t);
  const thread = await w.threads.create({ temperature: 1, system: '' });
  assert.deepEqual(thread.settings, { temperature: 1, system: '', maxTokens: 1024 });
  const { request } = await answered(w, thread, 'A?', 'a');
  assert.deepEqual(
    [request.temperature, request.maxTokens, request.addSystem, request.messages.length],
    [1, 1024, false, 1],
  );
  assert.equal((await w.threads.change(thread.id, { title: ' Mine ' })).title, 'Mine');
  assert.equal((await w.threads.change(thread.id, { title: ' ' })).title, 'A?');
});
