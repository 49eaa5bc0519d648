/** Every route of a running server: what it answers is what /openapi.json says, field by field. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { z } from '#base';
import type { StakeApi } from '#node';
import { THREAD, TURN, threadsOf } from '../../support/one-thread.ts';
import { post, type Running, serveNode, TOKEN } from '../../support/page-server.ts';
import { chainView, PASSWORD, scriptedWallet, WORDS } from '../../support/scripted-chain.ts';
import { MODEL, passedAudit, type ScriptedNode, scriptedNode } from '../../support/scripted-node.ts';

interface Operation {
  readonly requestBody?: object;
  readonly responses: Record<string, { content?: Record<string, { schema: z.core.JSONSchema.JSONSchema }> }>;
}

const AT = `/api/threads/${THREAD}`;
const REPORT = 'ab'.repeat(32);
const receipt = { id: 'ab', fee: '1', expiry: 9, outcome: 'sent' as const };
const stake: StakeApi = {
  view: async () => ({
    ...{ validator: 'ab', bonded: true, pool: '5', own: '5', commission: 0.1 },
    ...{ missed: 0, jailedUntil: 0, tombstoned: false },
  }),
  bond: async () => receipt,
  unbond: async () => ({ ...receipt, outcome: 'pending', code: 'X', message: 'x' }),
  unjail: async () => receipt,
};

/** A request for every operation of the API, in an order in which each is possible. */
const REQUESTS: Readonly<Record<string, { path?: string; init?: RequestInit }>> = {
  'get /health': {},
  'get /metrics': {},
  'get /api/network': {},
  'get /api/network/invite': {},
  'post /api/network/join': { init: post({ invite: 'bitorch://join?scripted' }) },
  'get /api/doctor': {},
  'get /api/security': {},
  'get /api/security/reports/{hash}': { path: `/api/security/reports/${REPORT}` },
  'get /api/settings': {},
  'patch /api/settings': { init: { ...post({ limits: { uploadRate: 100 } }), method: 'PATCH' } },
  'get /api/setup': {},
  'patch /api/setup': { init: { ...post({ steps: { roles: 'done' } }), method: 'PATCH' } },
  'post /api/setup/measurement': { init: { method: 'POST' } },
  'post /api/setup/test-network': { init: { method: 'POST' } },
  'get /api/models/{id}/safety': { path: `/api/models/${MODEL.id}/safety` },
  'get /api/models/{id}/torrent': { path: `/api/models/${MODEL.id}/torrent` },
  'get /api/answers/{id}/audit': { path: '/api/answers/a1/audit' },
  'get /api/events': {},
  'get /api/process': {},
  'post /api/process/stop': { init: { method: 'POST' } },
  'get /api/chain': {},
  'post /api/chain/{question}': {
    path: '/api/chain/status',
    init: {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: new Uint8Array([1]),
    },
  },
  'get /v1/models': {},
  'get /v1/models/{*}': { path: `/v1/models/${MODEL.id}` },
  'post /v1/chat/completions': {
    init: post({ messages: [{ role: 'user', content: 'Hi' }], logprobs: true }),
  },
  'post /api/wallet': { init: post({ password: PASSWORD, words: WORDS.join(' ') }) },
  'get /api/wallet': {},
  'post /api/wallet/lock': { init: { method: 'POST' } },
  'post /api/wallet/unlock': { init: post({ password: PASSWORD }) },
  'get /api/wallet/addresses': {},
  'post /api/wallet/addresses': { init: post({ label: 'Rent' }) },
  'get /api/wallet/history': {},
  'post /api/wallet/preview': { init: post({ to: 'torch1q', amount: '5' }) },
  'post /api/wallet/send': { init: post({ to: 'torch1q', amount: '5', password: PASSWORD }) },
  'post /api/wallet/prove': { init: post({ message: 'm', output: 3 }) },
  'post /api/wallet/check-proof': { init: post({ message: 'm', proof: 'proof1' }) },
  'post /api/wallet/words': { init: post({ password: PASSWORD }) },
  'post /api/wallet/check-words': {
    init: post({ password: PASSWORD, words: [{ position: 3, word: 'word3' }] }),
  },
  'post /api/wallet/faucet': { init: { method: 'POST' } },
  'get /api/stake': {},
  'post /api/stake/bond': { init: post({ amount: '5', password: PASSWORD }) },
  'post /api/stake/unbond': { init: post({ password: PASSWORD }) },
  'post /api/stake/unjail': { init: post({ password: PASSWORD }) },
  'post /api/tokens': { init: post({ name: 'app', scopes: ['chat'] }) },
  'get /api/tokens': {},
  'delete /api/tokens/{name}': { path: '/api/tokens/app', init: { method: 'DELETE' } },
  'get /api/threads': {},
  'post /api/threads': { init: post({ temperature: 1 }) },
  'get /api/threads/{id}': { path: AT },
  'patch /api/threads/{id}': { path: AT, init: { ...post({ title: 'Mine' }), method: 'PATCH' } },
  'post /api/threads/{id}/turns': { path: `${AT}/turns`, init: post({ prompt: 'Hi', parent: null }) },
  'get /api/threads/{id}/turns/{turn}/events': { path: `${AT}/turns/${TURN}/events` },
  'post /api/threads/{id}/turns/{turn}/stop': { path: `${AT}/turns/${TURN}/stop`, init: { method: 'POST' } },
  'post /api/threads/{id}/turns/{turn}/resume': {
    path: `${AT}/turns/${TURN}/resume`,
    init: { method: 'POST' },
  },
  'post /api/threads/{id}/turns/{turn}/branch': {
    path: `${AT}/turns/${TURN}/branch`,
    init: { method: 'POST' },
  },
  'delete /api/threads/{id}': { path: AT, init: { method: 'DELETE' } },
  'post /api/threads/{id}/restore': { path: `${AT}/restore`, init: { method: 'POST' } },
  'get /api/proof': { path: `/api/proof?token=${REPORT}&nonce=${REPORT}` },
  'get /api/session': {},
  'post /api/session': { init: post({ token: TOKEN }) },
  'delete /api/session': { init: { method: 'DELETE' } },
};

/** Asked for a token that it does not have. */
const NOT_FOUND = new Set(['get /api/proof']);

let server: Running<ScriptedNode>;
let operations: Map<string, Operation>;

before(async () => {
  const node = Object.assign(scriptedNode(), {
    stake: () => stake,
    walletChain: async () => new Uint8Array([2]),
  });
  node.chainView = chainView();
  node.purse = scriptedWallet();
  node.setAudit(passedAudit('a1'));
  node.conversations = threadsOf();
  node.reports.set(REPORT, {
    ...{ hash: REPORT, scanner: 1, ruleset: REPORT, verdict: 'clean', files: [] },
  });
  server = await serveNode(node);
  const { paths } = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, Operation>>;
  };
  operations = new Map(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]): [string, Operation] => [
        `${method} ${path}`,
        operation,
      ]),
    ),
  );
});
after(() => server.stop());

const schemaOf = (operation: Operation, status: number, type: string): z.ZodType => {
  const { responses } = operation;
  const { content = {} } = responses[status] ?? responses.default ?? {};
  assert.ok(content[type], `no ${type} for ${status} among ${JSON.stringify(Object.keys(responses))}`);
  return z.fromJSONSchema(content[type].schema);
};

/** A JSON body as it is; the first message of an event stream; text of any other type. */
async function bodyOf(response: Response, type: string): Promise<unknown> {
  if (type === 'application/json') return response.json();
  if (type !== 'text/event-stream') return response.text();
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('\n\n')) text += (await reader.read()).value!;
  await reader.cancel();
  return JSON.parse(text.split('\n\n')[0]!.slice('data: '.length));
}

const typeOf = (response: Response): string => response.headers.get('content-type')!.split(';')[0]!;

async function assertDescribed(name: string, response: Response): Promise<void> {
  const operation = operations.get(name)!;
  if (response.status === 204) {
    assert.ok(operation.responses[204], `${name}: 204 is not described`);
    return;
  }
  const type = typeOf(response);
  const result = schemaOf(operation, response.status, type).safeParse(await bodyOf(response, type));
  assert.ok(result.success, `${name}: ${response.status} ${result.error?.message}`);
}

test('the description has exactly the routes that the sources register', () => {
  const registered = globSync('src/server/*.ts').flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/\.(get|post|put|patch|delete)\(\s*'(\/[^']*)'/g)].map(
      ([, method, route]) => `${method} ${route!.replace(/:(\w+)/g, '{$1}').replace('*', '{*}')}`,
    ),
  );
  const described = registered.filter((route) => route !== 'get /openapi.json');
  assert.deepEqual([...operations.keys()].sort(), described.sort());
  assert.deepEqual(Object.keys(REQUESTS).sort(), described.sort(), 'a route without a request in this test');
});

test('every response is what its schema says, without missing or further fields', async () => {
  for (const [name, { path = name.split(' ')[1]!, init }] of Object.entries(REQUESTS)) {
    const response = await server.call(path, init);
    assert.equal(response.status >= 400, NOT_FOUND.has(name), `${name}: ${response.status}`);
    await assertDescribed(name, response);
  }
});

test('a field that a schema lacks is noticed', () => {
  const schema = schemaOf(operations.get('get /api/network')!, 200, 'application/json');
  const network = server.node.network();
  assert.ok(schema.safeParse(network).success);
  assert.ok(!schema.safeParse({ ...network, more: 1 }).success);
  assert.ok(!schema.safeParse({ ...network, self: { ...network.self, more: 1 } }).success);
  const { notices: _, ...less } = network;
  assert.ok(!schema.safeParse(less).success);
});

test('chunks of a streamed answer are what their schema says', async () => {
  const body = {
    messages: [{ role: 'user', content: 'Hi' }],
    stream: true,
    stream_options: { include_usage: true },
  };
  const response = await server.call('/v1/chat/completions', post(body));
  const schema = schemaOf(operations.get('post /v1/chat/completions')!, 200, typeOf(response));
  const messages = (await response.text()).trim().split('\n\n');
  assert.equal(messages.pop(), 'data: [DONE]');
  assert.ok(messages.length >= 7);
  for (const message of messages) {
    const result = schema.safeParse(JSON.parse(message.slice('data: '.length)));
    assert.ok(result.success, `${message}: ${result.error?.message}`);
  }
});

test('every refused request has an error of the described form that names the field', async () => {
  for (const [name, { requestBody }] of operations) {
    if (!requestBody) continue;
    const path = REQUESTS[name]!.path ?? name.split(' ')[1]!;
    const [method] = name.split(' ');
    const response = await server.call(path, {
      ...post({ surprise: [1] }),
      method: method!.toUpperCase(),
    });
    const { error } = (await response.clone().json()) as { error: { code: string; message: string } };
    assert.deepEqual([response.status, error.code], [400, 'INVALID_REQUEST'], name);
    assert.doesNotMatch(
      error.message,
      /[{}[\]\\^$]|Invalid|Expected|expected|zod/i,
      `${name}: ${error.message}`,
    );
    await assertDescribed(name, response);
  }
});
