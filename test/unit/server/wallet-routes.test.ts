import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { post, type Running, startServer } from '../../support/page-server.ts';
import { chainView, PASSWORD, type ScriptedWallet, scriptedWallet } from '../../support/scripted-chain.ts';

let server: Running;
let wallet: ScriptedWallet;

beforeEach(async () => {
  server = await startServer();
  wallet = scriptedWallet();
  server.node.chainView = chainView();
  server.node.purse = wallet;
});
afterEach(() => server.stop());

async function codeOf(response: Response): Promise<[number, string]> {
  const { error } = (await response.json()) as { error: { code: string } };
  return [response.status, error.code];
}

test('a node without a chain says what to do', async () => {
  server.node.chainView = undefined;
  server.node.purse = undefined;
  assert.deepEqual(await codeOf(await server.call('/api/chain')), [404, 'NO_CHAIN']);
  assert.deepEqual(await codeOf(await server.call('/api/wallet')), [404, 'NO_CHAIN']);
});

test('chain and wallet come as they are, and with the events', async () => {
  assert.deepEqual(await (await server.call('/api/chain')).json(), chainView());
  assert.deepEqual(await (await server.call('/api/wallet')).json(), wallet.view());
  const reader = (await server.call('/api/events')).body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('"type":"wallet"')) text += (await reader.read()).value;
  assert.match(text, /"type":"network".*"type":"chain".*"type":"wallet"/s);
  await reader.cancel();
});

test('strangers get nothing of the wallet', async () => {
  for (const path of ['/api/wallet', '/api/wallet/history', '/api/wallet/addresses', '/api/chain']) {
    assert.equal((await fetch(server.url + path)).status, 401);
  }
  assert.equal((await fetch(`${server.url}/api/wallet/words`, post({ password: PASSWORD }))).status, 401);
});

test('a wallet is made, locked and opened; a wrong password is refused', async () => {
  await server.call('/api/wallet', post({ password: PASSWORD }));
  assert.deepEqual(wallet.calls, [['create', { password: PASSWORD }]]);
  await server.call('/api/wallet/lock', post({}));
  const wrong = await server.call('/api/wallet/unlock', post({ password: 'no' }));
  assert.deepEqual(await codeOf(wrong), [403, 'PASSWORD_WRONG']);
  const right = await server.call('/api/wallet/unlock', post({ password: PASSWORD }));
  assert.equal(((await right.json()) as { state: string }).state, 'open');
});

test('a restore needs its words and looks from the beginning unless told otherwise', async () => {
  await server.call('/api/wallet', post({ password: PASSWORD, words: 'a b c' }));
  assert.deepEqual(wallet.calls, [['create', { password: PASSWORD, words: 'a b c', restoreHeight: 0 }]]);
});

test('amounts are whole sparks in digits, and nothing else', async () => {
  const payment = { to: 'torch1q', amount: '1500000000' };
  assert.equal((await server.call('/api/wallet/preview', post(payment))).status, 200);
  assert.deepEqual(wallet.calls, [['preview', { ...payment, tier: 'normal', again: false }]]);
  for (const amount of ['0', '-1', '1.5', '01', '1e9', 1500, '', '9'.repeat(21)]) {
    const refused = await server.call('/api/wallet/preview', post({ ...payment, amount }));
    assert.deepEqual(await codeOf(refused), [400, 'INVALID_REQUEST'], String(amount));
  }
});

test('a payment is sent with its password only', async () => {
  const payment = { to: 'torch1q', amount: '5', tier: 'high' };
  const without = await server.call('/api/wallet/send', post(payment));
  assert.deepEqual(await codeOf(without), [400, 'INVALID_REQUEST']);
  const sent = await server.call('/api/wallet/send', post({ ...payment, password: PASSWORD }));
  assert.equal(((await sent.json()) as { expiry: number }).expiry, 142);
});

test('a proof is of a payment or of an output, not of both or neither', async () => {
  const id = 'ab'.repeat(32);
  for (const request of [
    { message: 'x', id, payment: 0 },
    { message: 'x', output: 31 },
  ]) {
    assert.equal((await server.call('/api/wallet/prove', post(request))).status, 200);
  }
  for (const request of [
    { message: 'x' },
    { message: 'x', id, payment: 0, output: 3 },
    { message: 'x', id },
  ]) {
    assert.equal((await server.call('/api/wallet/prove', post(request))).status, 400);
  }
});

test('words are asked back by their positions', async () => {
  const check = async (words: unknown, password = PASSWORD) =>
    (await (await server.call('/api/wallet/check-words', post({ words, password }))).json()) as {
      correct?: boolean;
    };
  assert.deepEqual(await check([{ position: 3, word: 'word3' }]), { correct: true });
  assert.deepEqual(await check([{ position: 3, word: 'word4' }]), { correct: false });
  assert.ok('error' in (await check([{ position: 3, word: 'word3' }], 'wrong')));
  assert.ok('error' in (await check([{ position: 25, word: 'word25' }])));
});
