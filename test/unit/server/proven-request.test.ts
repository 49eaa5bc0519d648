import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { after, before, test } from 'node:test';
import { askProven, provenApi } from '#node';
import { proofOf } from '../../../src/node/home/api-tokens.ts';
import { ProvenConnection } from '../../../src/node/home/proven-request.ts';
import { type Running, startServer, TOKEN } from '../../support/page-server.ts';

let server: Running;
before(async () => {
  server = await startServer();
});
after(() => server.stop());

test('a server proves that it knows a token; what took its port cannot', async (t) => {
  const address = { url: server.url, token: TOKEN };
  assert.deepEqual(await provenApi(address), address);
  const { port: own } = new URL(server.url);
  assert.deepEqual(await provenApi({ ...address, url: `http://localhost:${own}/` }), address);
  await assert.rejects(provenApi({ ...address, token: 'another' }), { code: 'NODE_UNPROVEN' });

  const heard: string[] = [];
  // Hands every question on to the real node, on its other port.
  const impostor = createHttpServer((request, response) => {
    heard.push(JSON.stringify(request.headers) + request.url);
    fetch(server.url + request.url)
      .then((answer) => answer.text())
      .then((text) => response.end(text));
  });
  t.after(() => impostor.close());
  impostor.listen(0, '127.0.0.1');
  await once(impostor, 'listening');
  const { port } = impostor.address() as AddressInfo;
  await assert.rejects(provenApi({ ...address, url: `http://127.0.0.1:${port}` }), { code: 'NODE_UNPROVEN' });
  assert.equal(heard.length, 1);
  assert.ok(!heard[0]!.includes(TOKEN));
});

test('what a program sends with its token goes over the connection that the proof came by', async () => {
  const address = { url: server.url, token: TOKEN };
  const answer = await askProven(address, '/api/network');
  assert.equal(answer.status, 200);
  assert.ok('nodes' in ((await answer.json()) as object));
  const made = await askProven(address, '/api/tokens', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'proven', scopes: ['chat'] }),
  });
  assert.equal(made.status, 200);
  assert.equal((await askProven(address, '/api/tokens/proven', { method: 'DELETE' })).status, 204);
  await assert.rejects(askProven({ ...address, token: 'another' }, '/api/network'), {
    code: 'NODE_UNPROVEN',
  });
});

test('who takes the port after the proof was given gets nothing', async (t) => {
  const heard: string[] = [];
  const gone = Promise.withResolvers<void>();
  let connections = 0;
  // The first connection is the node's, which ends when it has proven itself; all others are somebody else's.
  const port = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    if (++connections > 1) {
      socket.on('data', (data) => heard.push(data.toString()));
      return;
    }
    socket.once('close', gone.resolve);
    socket.once('data', (data) => {
      const nonce = /nonce=([0-9a-f]+)/.exec(data.toString())![1]!;
      const body = JSON.stringify({ proof: proofOf(TOKEN, nonce, socket.localPort!) });
      socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
      socket.resume();
    });
  });
  t.after(() => port.close());
  port.listen(0, '127.0.0.1');
  await once(port, 'listening');
  const url = `http://127.0.0.1:${(port.address() as AddressInfo).port}`;
  const connection = await ProvenConnection.open({ url, token: TOKEN });
  await gone.promise;
  const body = JSON.stringify({ password: 'correct horse' });
  const headers = { 'content-type': 'application/json' };
  await assert.rejects(connection.request('/api/wallet/unlock', { method: 'POST', headers, body }), {
    code: 'NODE_UNPROVEN',
  });
  assert.deepEqual(heard, []);
});
