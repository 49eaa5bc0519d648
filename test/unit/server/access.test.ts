import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createLog } from '#base';
import { createServer } from '#server';
import { Sessions } from '../../../src/server/sessions.ts';
import { post, type Running, serveNode, startServer, TOKEN, tokensIn } from '../../support/page-server.ts';
import { scriptedNode } from '../../support/scripted-node.ts';

let server: Running;
before(async () => {
  server = await startServer();
});
after(() => server.stop());

/** fetch() does not let a caller choose the Host header. */
function statusOf(url: string, headers: Record<string, string>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  httpRequest(url, { headers }, (response) => {
    response.resume();
    resolve(response.statusCode!);
  })
    .on('error', reject)
    .end();
  return promise;
}

const statusWithHost = (host: string): Promise<number> =>
  statusOf(`${server.url}/api/network`, { host, authorization: `Bearer ${TOKEN}` });

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

test('every API path needs the token, in every spelling', async () => {
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

test('each session has a cookie of its own, which ends with it', async () => {
  const [one, other] = await Promise.all([logIn(), logIn()]);
  const [cookie, second] = [one, other].map((response) => response.headers.get('set-cookie')!.split(';')[0]!);
  assert.notEqual(cookie, second);
  assert.doesNotMatch(one.headers.get('set-cookie')!, /Max-Age|Expires/);
  const open = async (of: string) =>
    (await (await fetch(`${server.url}/api/session`, { headers: { cookie: of } })).json()).authenticated;
  const signOut = (headers: Record<string, string>) =>
    fetch(`${server.url}/api/session`, { method: 'DELETE', headers });
  await signOut({ cookie, origin: 'http://127.0.0.1:1' });
  assert.deepEqual([await open(cookie!), await open(second!)], [true, true]);
  const ended = await signOut({ cookie });
  assert.equal(ended.status, 204);
  assert.match(ended.headers.get('set-cookie')!, /Max-Age=0/);
  assert.deepEqual([await open(cookie!), await open(second!)], [false, true]);
  const name = second!.split('=')[0];
  assert.equal(await open(`${name}=`), false);
  assert.equal(await open(`${name}=${TOKEN}`), false);
});

test('sessions end when they are idle, and when too many came after them; a restart does not end them', async (t) => {
  const { webRoot, stop } = await otherWebRoot();
  t.after(stop);
  let now = 0;
  const path = join(webRoot, 'sessions');
  const sessions = await Sessions.load(path, () => now);
  const idle = sessions.open();
  now += 7 * 24 * 3_600_000 + 1;
  assert.equal(sessions.use(idle), false);
  const all: string[] = [];
  while (all.length < 65) all.push(sessions.open());
  assert.deepEqual(
    all.map((secret) => sessions.use(secret)),
    all.map((_, i) => i > 0),
  );
  await sessions.save();
  const again = await Sessions.load(path, () => now);
  assert.equal(again.use(all[1]!), true);
  assert.doesNotMatch(await readFile(path, 'utf8'), new RegExp(all[1]!));
  await writeFile(path, 'damaged');
  assert.equal((await Sessions.load(path)).use(all[1]!), false);
});

test('a token opens what its scopes say, until it is revoked', async () => {
  const as = (token: string, path: string, init: RequestInit = {}) =>
    fetch(server.url + path, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });
  const make = async (name: string, ...scopes: string[]) => {
    const response = await server.call('/api/tokens', post({ name, scopes }));
    return (await response.json()).token as string;
  };
  const tokens = {
    chat: await make('chat', 'chat'),
    read: await make('read', 'read'),
    wallet: await make('wallet', 'wallet'),
    admin: await make('admin', 'admin'),
  };
  const opened = {
    chat: ['/v1/models'],
    read: ['/api/network', '/api/security'],
    wallet: ['/api/wallet', '/api/stake'],
    admin: ['/api/tokens'],
  };
  for (const [holder, token] of Object.entries(tokens)) {
    for (const [scope, paths] of Object.entries(opened)) {
      for (const path of paths) {
        const { status } = await as(token, path);
        if (holder === scope || holder === 'admin') assert.notEqual(status, 403, `${holder} ${path}`);
        else assert.equal(status, 403, `${holder} ${path}`);
      }
    }
  }
  assert.equal((await as(tokens.read, '/api/tokens', post({ name: 'x', scopes: ['admin'] }))).status, 403);
  assert.equal((await as(tokens.chat, '/api/session', post({ token: tokens.chat }))).status, 401, 'no page');
  const again = await server.call('/api/tokens', post({ name: 'chat', scopes: ['chat'] }));
  assert.equal(again.status, 409);
  const listed = await (await server.call('/api/tokens')).text();
  assert.deepEqual(
    JSON.parse(listed).map(({ name }: { name: string }) => name),
    ['chat', 'read', 'wallet', 'admin'],
  );
  for (const token of Object.values(tokens)) assert.ok(!listed.includes(token));
  assert.equal((await server.call('/api/tokens/chat', { method: 'DELETE' })).status, 204);
  assert.equal((await as(tokens.chat, '/v1/models')).status, 401);
  assert.equal((await server.call('/api/tokens/chat', { method: 'DELETE' })).status, 404);
});

test('events tell the wallet only to who may use it', async () => {
  const made = await server.call('/api/tokens', post({ name: 'reader', scopes: ['read'] }));
  const reader = (await made.json()).token as string;
  /** What comes up to and with an event that anybody may see. */
  const heard = async (token: string) => {
    const stop = new AbortController();
    const headers = { authorization: `Bearer ${token}` };
    const { body } = await fetch(`${server.url}/api/events`, { headers, signal: stop.signal });
    let text = '';
    for await (const bytes of body!.pipeThrough(new TextDecoderStream())) {
      text += bytes;
      if (text.includes('the last one')) break;
      if (!text.includes('"type":"security"')) continue;
      const view = { state: 'missing', backedUp: false, height: 7 } as const;
      server.node.emit({ type: 'wallet', wallet: view });
      server.node.emit({ type: 'progress', step: 'the last one', done: 0, total: 1, unit: 'files' });
    }
    stop.abort();
    return text.includes('"type":"wallet"');
  };
  assert.equal(await heard(TOKEN), true);
  assert.equal(await heard(reader), false);
});

test('a stream of events ends with the token or the session that opened it', async () => {
  const made = await server.call('/api/tokens', post({ name: 'short', scopes: ['read', 'wallet'] }));
  const authorization = `Bearer ${(await made.json()).token}`;
  const cookie = (await logIn()).headers.get('set-cookie')!.split(';')[0]!;
  const ended = [
    [{ authorization }, () => server.call('/api/tokens/short', { method: 'DELETE' })],
    [{ cookie }, () => fetch(`${server.url}/api/session`, { method: 'DELETE', headers: { cookie } })],
  ] as const;
  for (const [headers, end] of ended) {
    const { body } = await fetch(`${server.url}/api/events`, { headers });
    let text = '';
    for await (const bytes of body!.pipeThrough(new TextDecoderStream())) {
      text += bytes;
      if (text.includes('after the end')) break;
      if (!text.includes('"type":"security"')) continue;
      await end();
      const view = { state: 'missing', backedUp: false, height: 7 } as const;
      server.node.emit({ type: 'wallet', wallet: view });
      server.node.emit({ type: 'progress', step: 'after the end', done: 0, total: 1, unit: 'files' });
    }
    assert.ok(!text.includes('"type":"wallet"') && !text.includes('after the end'), Object.keys(headers)[0]);
  }
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
  const { webRoot, stop } = await otherWebRoot();
  const options = {
    host: '127.0.0.1',
    port: Number(new URL(server.url).port),
    tokens: await tokensIn(webRoot),
    sessions: join(webRoot, 'sessions'),
    webRoot: '/nonexistent',
  };
  const missing = createServer({ ...options, port: 0 }, deps);
  await assert.rejects(missing.start(), { code: 'WEB_NOT_BUILT' });
  await missing.stop();
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

test('names that the operator allows are taken, also behind a proxy that speaks HTTPS', async () => {
  const node = scriptedNode();
  const running = await serveNode(node, { allowHosts: ['Host.docker.internal', 'home.example'] });
  const { port } = new URL(running.url);
  const status = (host: string, headers: Record<string, string> = {}) =>
    statusOf(`${running.url}/api/network`, { host, ...headers });
  const token = { authorization: `Bearer ${TOKEN}` };
  try {
    assert.equal(await status(`host.docker.internal:${port}`, token), 200);
    assert.equal(await status('HOME.example', token), 200);
    assert.equal(await status('other.example', token), 403);
    assert.equal(await status('home.example'), 401, 'a name is no token');
    const granted = await fetch(`${running.url}/api/session`, post({ token: TOKEN }));
    const cookie = granted.headers.get('set-cookie')!.split(';')[0]!;
    assert.equal(await status('home.example', { cookie, origin: 'https://home.example' }), 200);
    assert.equal(await status('home.example', { cookie, origin: 'https://evil.example' }), 401);
    assert.equal(await status('localhost', { cookie, origin: 'https://localhost' }), 401);
  } finally {
    await running.stop();
  }
});

test('the token comes as the clients of several services send it, and paths with or without slashes', async () => {
  const spellings = [
    { authorization: `bearer ${TOKEN}` },
    { authorization: `Bearer   ${TOKEN} ` },
    { 'x-api-key': TOKEN },
    { 'api-key': TOKEN },
  ];
  for (const headers of spellings)
    assert.equal((await fetch(`${server.url}/v1/models`, { headers })).status, 200, JSON.stringify(headers));
  assert.equal((await fetch(`${server.url}/v1/models`, { headers: { 'x-api-key': 'wrong' } })).status, 401);
  for (const path of ['/v1/models/', '/v1//models'])
    assert.equal((await server.call(path)).status, 200, path);
  assert.deepEqual(await (await fetch(`${server.url}/health`)).json(), { status: 'ok' });
});
