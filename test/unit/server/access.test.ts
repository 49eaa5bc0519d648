import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createLog } from '#base';
import { createServer } from '#server';
import { post, type Running, startServer, TOKEN } from '../../support/page-server.ts';
import { scriptedNode } from '../../support/scripted-node.ts';

let server: Running;
before(async () => {
  server = await startServer();
});
after(() => server.stop());

/** fetch() does not let a caller choose the Host header. */
function statusWithHost(host: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const headers = { host, authorization: `Bearer ${TOKEN}` };
  httpRequest(`${server.url}/api/network`, { headers }, (response) => {
    response.resume();
    resolve(response.statusCode!);
  })
    .on('error', reject)
    .end();
  return promise;
}

async function logIn(token = TOKEN): Promise<Response> {
  return fetch(`${server.url}/api/session`, post({ token }));
}

const PROTECTED = [
  '/v1/models',
  '/api/network',
  '/api/events',
  '/api/answers/a/audit',
  '/api/models/m/torrent',
];

test('every API path needs the token, whatever its spelling', async () => {
  for (const path of [...PROTECTED, '/api//network', '/%61pi/network', '/V1/models', '/v1%2fmodels']) {
    const bare = await fetch(server.url + path);
    assert.ok(bare.status >= 400, `${path}: ${bare.status}`);
    if (PROTECTED.includes(path)) assert.equal(bare.status, 401, path);
    const wrong = await fetch(server.url + path, { headers: { authorization: `Bearer ${TOKEN}x` } });
    assert.ok(wrong.status >= 400, path);
  }
  const refused = await fetch(`${server.url}/v1/models`);
  assert.equal(refused.headers.get('www-authenticate'), 'Bearer realm="bitorch"');
  assert.equal((await refused.json()).error.type, 'authentication_error');
  assert.equal((await server.call('/v1/models')).status, 200);
});

test('the token buys a cookie that scripts and other sites cannot use', async () => {
  assert.equal((await logIn('wrong')).status, 401);
  const granted = await logIn();
  assert.equal(granted.status, 204);
  const setCookie = granted.headers.get('set-cookie')!;
  assert.match(setCookie, /HttpOnly/);
  assert.match(setCookie, /SameSite=Strict/);
  assert.doesNotMatch(setCookie, new RegExp(TOKEN));

  const cookie = setCookie.split(';')[0]!;
  const withCookie = (headers: object) =>
    fetch(`${server.url}/api/network`, { headers: { cookie, ...headers } });
  assert.equal((await withCookie({})).status, 200);
  assert.equal((await withCookie({ origin: server.url })).status, 200);
  assert.equal((await withCookie({ origin: 'http://127.0.0.1:1' })).status, 401, 'a page of another port');
  const session = await fetch(`${server.url}/api/session`, { headers: { cookie } });
  assert.deepEqual(await session.json(), { authenticated: true });
  assert.deepEqual(await (await fetch(`${server.url}/api/session`)).json(), { authenticated: false });
});

test('answers only to its own host names', async () => {
  const port = new URL(server.url).port;
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`, 'LOCALHOST']) {
    assert.equal(await statusWithHost(host), 200, host);
  }
  for (const host of ['evil.example', `127.0.0.1.evil.example:${port}`, 'localhost.']) {
    assert.equal(await statusWithHost(host), 403, host);
  }
});

test('takes JSON only, and not too much of it', async () => {
  const url = `${server.url}/api/session`;
  const text = await fetch(url, { method: 'POST', body: JSON.stringify({ token: TOKEN }) });
  assert.equal(text.status, 415);
  const broken = await fetch(url, { ...post({}), body: '{' });
  assert.equal(broken.status, 400);
  assert.equal((await broken.json()).error.code, 'INVALID_REQUEST');
  const huge = await fetch(url, post({ token: 'x'.repeat(2 * 1024 * 1024) }));
  assert.equal(huge.status, 413);
});

test('the page comes with a strict policy', async () => {
  const page = await fetch(server.url);
  assert.equal(page.status, 200);
  const policy = page.headers.get('content-security-policy')!;
  assert.match(policy, /default-src 'self'/);
  assert.doesNotMatch(policy, /unsafe|\*|http:/);
  assert.equal(page.headers.get('cross-origin-opener-policy'), 'same-origin');
  assert.equal(page.headers.get('cross-origin-embedder-policy'), 'require-corp');
  for (const path of ['/../package.json', '/%2e%2e/package.json', '/.env']) {
    assert.equal((await fetch(server.url + path)).status, 404, path);
  }
});

test('describes itself in OpenAPI', async () => {
  const document = await (await fetch(`${server.url}/openapi.json`)).json();
  assert.equal(document.openapi, '3.1.0');
  for (const path of [
    '/v1/chat/completions',
    '/v1/models',
    '/api/network',
    '/api/events',
    '/api/answers/{id}/audit',
  ]) {
    assert.ok(document.paths[path], path);
  }
});

test('says what to do when the port is taken or the page is missing', async () => {
  const deps = { node: scriptedNode(), log: createLog('silent') };
  const options = {
    host: '127.0.0.1',
    port: Number(new URL(server.url).port),
    token: TOKEN,
    webRoot: '/nonexistent',
  };
  const missing = createServer({ ...options, port: 0 }, deps);
  await assert.rejects(missing.start(), { code: 'WEB_NOT_BUILT' });
  await missing.stop();
  const { webRoot, stop } = await otherWebRoot();
  const taken = createServer({ ...options, webRoot }, deps);
  await assert.rejects(taken.start(), { code: 'PORT_IN_USE' });
  await taken.stop();
  await stop();
});

async function otherWebRoot() {
  const webRoot = await mkdtemp(join(tmpdir(), 'bitorch-page-'));
  await writeFile(join(webRoot, 'index.html'), 'x');
  return { webRoot, stop: () => rm(webRoot, { recursive: true }) };
}
