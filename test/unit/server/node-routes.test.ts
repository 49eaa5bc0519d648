import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Running, startServer } from '../../support/page-server.ts';
import { MODEL, passedAudit } from '../../support/scripted-node.ts';

let server: Running;
before(async () => {
  server = await startServer();
});
after(() => server.stop());

test('shows the network and the audits of the node', async () => {
  assert.deepEqual(await (await server.call('/api/network')).json(), server.node.network());
  assert.equal((await server.call('/api/answers/unknown/audit')).status, 404);
  server.node.setAudit(passedAudit('a/9'));
  assert.deepEqual(await (await server.call('/api/answers/a%2F9/audit')).json(), passedAudit('a/9'));
});

test('hands out torrent files', async () => {
  const response = await server.call(`/api/models/${MODEL.id}/torrent`);
  assert.equal(response.headers.get('content-type'), 'application/x-bittorrent');
  assert.match(response.headers.get('content-disposition')!, /filename="smollm2-135m-instruct.torrent"/);
  assert.equal(await response.text(), 'd4:infod4:name1:xee');
  assert.equal((await server.call('/api/models/none/torrent')).status, 404);
});

test('the event stream begins with the present and ends with the server', async () => {
  const own = await startServer();
  const response = await own.call('/api/events');
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let buffered = '';
  const next = async () => {
    while (!buffered.includes('\n\n')) buffered += (await reader.read()).value!;
    const [event, ...rest] = buffered.split('\n\n');
    buffered = rest.join('\n\n');
    return JSON.parse(event!.slice('data: '.length));
  };
  assert.deepEqual(await next(), { type: 'network', network: own.node.network() });
  assert.deepEqual(await next(), { type: 'security', security: own.node.security() });
  own.node.setAudit(passedAudit('a1'));
  assert.equal((await next()).audit.state, 'passed');
  await own.stop();
  // Ends or breaks; what matters is that neither side hangs.
  await reader.read().catch(() => undefined);
});

test('shows what its process takes', async () => {
  const { pid, uptimeMs, memory, heldMs } = await (await server.call('/api/process')).json();
  assert.equal(pid, process.pid);
  assert.ok(uptimeMs > 0 && memory.rss > memory.heapUsed && memory.heapUsed > 0);
  assert.ok(heldMs.p99 <= heldMs.max);
  assert.equal(heldMs.counts.at(-1).upTo, null);
});

test('a token has sixteen event streams at a time; the oldest ends for one more', async () => {
  const open = async () => (await server.call('/api/events')).body!.getReader();
  const first = await open();
  const others = [];
  while (others.length < 16) others.push(await open());
  const ended = async () => {
    while (!(await first.read()).done);
  };
  await ended();
  const { value } = await others[0]!.read();
  assert.ok(value!.length > 0, 'the next one goes on');
  await Promise.all(others.map((reader) => reader.cancel()));
});
