import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Scope, Thread } from '#node';
import { post, type Running, startServer } from '../../support/page-server.ts';
import { saying } from '../../support/scripted-node.ts';

let server: Running;
before(async () => {
  server = await startServer();
});
after(() => server.stop());

const json = async (path: string, init?: RequestInit) => (await server.call(path, init)).json();

const begin = (): Promise<Thread> => json('/api/threads', post({}));

test('a conversation is asked, followed from an offset, renamed, searched, deleted and restored', async () => {
  const thread = await begin();
  server.node.answer = () => saying('a1', ['Par', 'is.']);
  const turn = await json(`/api/threads/${thread.id}/turns`, post({ prompt: 'Capital?', parent: null }));
  const followed = async (from: number) => {
    const path = `/api/threads/${thread.id}/turns/${turn.id}/events?from=${from}`;
    return (await (await server.call(path)).text())
      .split('\n\n')
      .filter((event) => event.startsWith('data: '))
      .map((event) => JSON.parse(event.slice('data: '.length)));
  };
  await followed(0);
  const datas = await followed(2);
  assert.equal(datas.map(({ text }) => text ?? '').join(''), 'ris.');
  assert.equal(datas.at(-1).turn.answer.state, 'done');
  const rename = { ...post({ title: 'France' }), method: 'PATCH' };
  assert.equal((await json(`/api/threads/${thread.id}`, rename)).title, 'France');
  const { threads } = await json('/api/threads?search=PARIS');
  assert.deepEqual([threads.length, threads[0].title, threads[0].found], [1, 'France', 'Paris.']);
  assert.equal((await server.call(`/api/threads/${thread.id}`, { method: 'DELETE' })).status, 204);
  assert.equal((await server.call(`/api/threads/${thread.id}`)).status, 404);
  assert.equal((await json(`/api/threads/${thread.id}/restore`, post({}))).turns.length, 1);
});

test('conversations are open to the owner only', async () => {
  const { id } = await begin();
  for (const scopes of [['chat'], ['read'], ['wallet'], ['chat', 'read', 'wallet']] as Scope[][]) {
    const name = scopes.join('-');
    const { token } = await json('/api/tokens', post({ name, scopes }));
    const headers = { authorization: `Bearer ${token}` };
    for (const path of ['/api/threads', `/api/threads/${id}`, `/api/threads/${id}/turns/${id}/events`])
      assert.equal((await fetch(server.url + path, { headers })).status, 403, `${name} ${path}`);
    const asked = post({ prompt: 'x', parent: null });
    const path = `${server.url}/api/threads/${id}/turns`;
    assert.equal((await fetch(path, { ...asked, headers: { ...asked.headers, ...headers } })).status, 403);
  }
});

test('only the owner is told that a conversation changed', async () => {
  const { token } = await json('/api/tokens', post({ name: 'monitor', scopes: ['read'] }));
  const open = async (headers: Record<string, string>) => {
    const response = await server.call('/api/events', { headers });
    return response.body!.pipeThrough(new TextDecoderStream()).getReader();
  };
  const [owner, monitor] = [await open({}), await open({ authorization: `Bearer ${token}` })];
  const until = async (reader: ReadableStreamDefaultReader<string>, wanted: RegExp) => {
    let all = '';
    while (!wanted.test(all)) all += (await reader.read()).value!;
    return all;
  };
  await Promise.all([owner, monitor].map((reader) => until(reader, /"type":"security"/)));
  await begin();
  server.node.emit({ type: 'network', network: server.node.network() });
  assert.match(await until(owner, /"type":"network"/), /"type":"thread"/);
  assert.doesNotMatch(await until(monitor, /"type":"network"/), /"type":"thread"/);
  await Promise.all([owner.cancel(), monitor.cancel()]);
});

test('what is not a conversation, a turn or a setting is refused', async () => {
  const { id } = await begin();
  const status = async (path: string, init?: RequestInit) => (await server.call(path, init)).status;
  assert.equal(await status('/api/threads/..%2Fnode.key'), 400);
  assert.equal(await status(`/api/threads/${id}/turns`, post({ prompt: '', parent: null })), 400);
  assert.equal(await status(`/api/threads/${id}/turns`, post({ prompt: 'x', parent: id })), 404);
  assert.equal(await status('/api/threads', post({ temperature: 3 })), 400);
  assert.equal(await status('/api/threads', post({ maxTokens: 1e9 })), 400);
  assert.equal(await status(`/api/threads/${id}/turns/${id}/events?from=-1`), 400);
  assert.equal(await status(`/api/threads/${id}`, { ...post({ leaf: id }), method: 'PATCH' }), 404);
});

test('a node that does not chat says so', async () => {
  const own = await startServer();
  own.node.conversations = undefined;
  const response = await own.call('/api/threads');
  assert.deepEqual([response.status, (await response.json()).error.code], [409, 'NOT_A_CLIENT']);
  await own.stop();
});
