import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { runningApi } from '#node';
import { httpChain } from '../../../src/cli/wallet/http-chain.ts';
import { Mempool } from '../../../src/ledger/mempool.ts';
import { localChain } from '../../../src/ledger/wallet/local-chain.ts';
import { proofOf } from '../../../src/node/home/api-tokens.ts';
import { grow, growTo, somebody } from '../../support/ledger/chain.ts';
import { type ChainServer, serveChain } from '../../support/ledger/chain-server.ts';
import { realLedger, walletOf } from '../../support/ledger/wallets.ts';

const TORCH = 1_000_000_000n;
const alice = walletOf('http alice');
const ledger = realLedger([alice.address(), somebody], 30);
const pool = new Mempool(ledger);
const local = localChain(ledger, (bytes) => pool.add(bytes));
let server: ChainServer;
before(async () => {
  server = await serveChain(local);
});
after(() => server.stop());

test('a chain over HTTP answers what the ledger answers, and a wallet works on it', async () => {
  const chain = httpChain(await runningApi(server.home));
  assert.deepEqual(await chain.status(), await local.status());
  assert.deepEqual(await chain.outputs(3, 40), await local.outputs(3, 40));
  assert.deepEqual(await chain.outputsAt([59, 0, 7]), await local.outputsAt([59, 0, 7]));
  assert.deepEqual(await chain.totals(0), { before: 0, totals: [{ height: 0, total: 60 }] });
  assert.deepEqual(await chain.totals(1), { before: 60, totals: [] });

  await alice.scan(chain);
  const plan = await alice.plan({ payments: [{ to: somebody, amount: TORCH }] }, chain);
  const { bytes } = await alice.sign(plan, chain);
  assert.deepEqual(await chain.submit(bytes), { outcome: 'sent' });
  assert.deepEqual(await chain.submit(bytes), { outcome: 'sent' }, 'once more changes nothing');
  grow(ledger, ...pool.select());
  pool.prune();
  growTo(ledger, ledger.head.height + 1);
  await alice.scan(chain);
  assert.equal(alice.history().at(-1)!.height, 5);
  const { spends } = await chain.status();
  assert.equal(spends, plan.spends.length);
  assert.deepEqual(await chain.spends(0, spends), await local.spends(0, spends));
  await assert.rejects(chain.spends(0, spends + 1), { code: 'CHAIN_QUESTION' });
});

test('questions that are too much, or none, are refused with what is wrong', async () => {
  const chain = httpChain(server);
  await assert.rejects(chain.outputs(0, 1_001), { code: 'CHAIN_QUESTION' });
  await assert.rejects(chain.outputs(60, 70), { code: 'CHAIN_QUESTION' });
  await assert.rejects(chain.outputsAt([10_000]), { code: 'CHAIN_QUESTION' });
  const { outcome, code } = (await chain.submit(new Uint8Array(9))) as { outcome: string; code: string };
  assert.deepEqual([outcome, code], ['refused', 'CODEC_INVALID']);
  const ask = (question: string, body: Uint8Array, token = server.token) =>
    fetch(`${server.url}/api/chain/${question}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' },
      body: new Uint8Array(body),
    });
  assert.equal((await ask('everything', new Uint8Array(0))).status, 400);
  assert.equal((await ask('constructor', new Uint8Array(0))).status, 400);
  assert.equal((await ask('status', Uint8Array.of(1))).status, 400);
  assert.equal((await ask('outputs', Uint8Array.of(255))).status, 400);
  assert.equal((await ask('status', new Uint8Array(0), 'wrong')).status, 401);
  assert.equal((await ask('status', new Uint8Array(0))).status, 200);
});

test('no node, a node without a chain, and something that is no node: each says what to do', async () => {
  const without = await serveChain(undefined);
  await assert.rejects(httpChain(without).status(), { code: 'NO_CHAIN' });
  await without.stop();
  await assert.rejects(httpChain(without).status(), { code: 'NODE_MISSING', message: /bitorch start/ });
  await assert.rejects(runningApi(without.home), { code: 'NODE_MISSING', message: /bitorch start/ });

  const stranger = await listening(() => 'hello');
  await assert.rejects(httpChain({ url: stranger.url, token: 'x' }).status(), { code: 'NODE_UNPROVEN' });
  stranger.stop();

  const answers = ['hello', 'x'.repeat(2 ** 20 + 1)];
  const broken = await listening((path, port) => {
    const { pathname, searchParams } = new URL(path, 'http://node');
    if (pathname !== '/api/proof') return answers.shift()!;
    return JSON.stringify({ proof: proofOf('x', searchParams.get('nonce')!, port) });
  });
  const chain = httpChain({ url: broken.url, token: 'x' });
  await assert.rejects(chain.status(), { code: 'CHAIN_INVALID', message: /cannot be read/ });
  await assert.rejects(chain.status(), { code: 'CHAIN_INVALID', message: /too long/ });
  broken.stop();
});

/** An HTTP server that answers each path with a text. */
async function listening(answer: (path: string, port: number) => string) {
  const http = createServer((request, response) => response.end(answer(request.url!, port)));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  const stop = () => {
    http.closeAllConnections();
    http.close();
  };
  return { url: `http://127.0.0.1:${port}`, stop };
}
