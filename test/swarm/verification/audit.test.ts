import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createLog, sha256, utf8 } from '#base';
import { SigningKey } from '#crypto';
import {
  ClientSession,
  type Executor,
  planSession,
  type Row,
  SessionService,
  type StageOffer,
} from '#execution';
import { Host } from '#network';
import {
  AnswerRecord,
  Auditor,
  audit,
  drawAudit,
  ReceiptSigner,
  serveInputs,
  signReceipt,
} from '#verification';
import { Doubling } from '../../support/doubling.ts';

const log = createLog('silent');
const manifest = sha256(utf8('a model'));
const WIDTH = 32;

/** Flips the lowest bit of one float at one position. */
class BitFlipper extends Doubling {
  override async forward(rows: Row[], states: Float32Array, range?: { first: number; end: number }) {
    const out = await super.forward(rows, states, range);
    const row = rows.findIndex(({ position }) => position === 40);
    if (row >= 0) new Uint32Array(out.buffer)[row * WIDTH + 5]! ^= 1;
    return out;
  }
}

/** Runs the block before the one it was asked for. */
class WrongBlock extends Doubling {
  override forward(rows: Row[], states: Float32Array, range: { first: number; end: number }) {
    return super.forward(rows, states, { first: range.first - 1, end: range.end - 1 });
  }
}

async function network(t: TestContext, executors: Executor[], { withholding = -1 } = {}) {
  const keys = [...executors, null].map(() => SigningKey.generate());
  const hosts = await Promise.all(keys.map((key) => Host.start({ key }, { log })));
  const services: SessionService[] = [];
  const route: StageOffer[] = [];
  for (const [i, executor] of executors.entries()) {
    const [host, key] = [hosts[i]!, keys[i]!];
    const witness = new ReceiptSigner({ key });
    const locate = (id: string) => hosts.find((other) => other.id === id);
    const service = new SessionService({ host, witness, log, locate });
    await service.start();
    if (i !== withholding) await serveInputs({ host, witness });
    await new Auditor({
      host,
      key,
      locate,
      executorFor: async (_, first, end) => new Doubling(first, end),
      log,
    }).start();
    service.offer(manifest, executor);
    services.push(service);
    const { first, end } = executor;
    route.push({
      id: host.id,
      addresses: host.addresses,
      name: `stage ${i + 1}`,
      first,
      end,
      reachable: true,
    });
  }
  t.after(async () => {
    await Promise.all(services.map((service) => service.stop()));
    await Promise.all(hosts.map((host) => host.stop()));
  });
  return { client: hosts.at(-1)!, key: keys.at(-1)!, hosts, keys, route };
}

async function answer({ client, route }: Awaited<ReturnType<typeof network>>) {
  const plan = planSession(manifest, route);
  const record = new AnswerRecord(plan);
  const session = new ClientSession({ plan, hidden: WIDTH }, { host: client, observer: record });
  await session.open(AbortSignal.timeout(120_000));
  await session.forward(0, new Float32Array(70 * WIDTH).fill(1));
  for (let position = 70; position < 75; position++)
    await session.forward(position, new Float32Array(WIDTH).fill(2));
  await session.close();
  return record;
}

const auditStage = async (net: Awaited<ReturnType<typeof network>>, record: AnswerRecord, hop: number) => {
  const { from, to } = record.receiptsOf(hop).at(-1)!.receipt;
  const [stage, auditor] = [net.route[hop]!, net.route[(hop + 1) % net.route.length]!];
  const { client, key } = net;
  const signal = AbortSignal.timeout(120_000);
  return audit(record, { hop, stage, auditor, from, to }, { host: client, key, width: WIDTH, signal });
};

test('honest stages: receipts cover every position, borders agree, every audit passes', async (t) => {
  const net = await network(t, [new Doubling(0, 2), new Doubling(2, 3), new Doubling(3, 4)]);
  const record = await answer(net);
  record.checkContinuity();
  assert.deepEqual(
    record.receiptsOf(1).map(({ receipt }) => [receipt.from, receipt.to]),
    [
      [0, 32],
      [32, 64],
      [64, 75],
    ],
  );
  for (const hop of [0, 1, 2]) assert.equal((await auditStage(net, record, hop)).passed, true);
  const plan = drawAudit(record, net.route);
  assert.notEqual(plan.auditor.id, plan.stage.id);
});

test('one flipped bit is caught, in the chunk where it happened, and the right stage is named', async (t) => {
  const net = await network(t, [new Doubling(0, 2), new BitFlipper(2, 3), new Doubling(3, 4)]);
  const record = await answer(net);
  record.checkContinuity();
  assert.equal((await auditStage(net, record, 0)).passed, true);
  assert.equal((await auditStage(net, record, 2)).passed, true);
  const { passed, verdict } = await auditStage(net, record, 1);
  assert.equal(passed, false);
  assert.deepEqual([verdict?.stage, verdict?.from, verdict?.to], [net.route[1]!.id, 32, 64]);
});

test('a stage that runs another block is caught and named', async (t) => {
  const net = await network(t, [new Doubling(0, 2), new WrongBlock(2, 3)]);
  const { passed, verdict } = await auditStage(net, await answer(net), 1);
  assert.equal(passed, false);
  assert.equal(verdict?.stage, net.route[1]!.id);
});

test('a stage that signs other hidden states than it sent breaks continuity and is named', async (t) => {
  const net = await network(t, [new Doubling(0, 2), new Doubling(2, 3)]);
  const record = await answer(net);
  const { receipt } = record.receiptsOf(1)[0]!;
  record.evidence(1, signReceipt({ ...receipt, output: sha256(utf8('other')) }, net.keys[1]!));
  assert.throws(
    () => record.checkContinuity(),
    /stage 2 signed hidden states that it did not send for positions 0–31/,
  );
});

test('a stage that does not speak the protocol of inputs withholds them', async (t) => {
  const net = await network(t, [new Doubling(0, 2), new Doubling(2, 3)], { withholding: 0 });
  const record = await answer(net);
  assert.deepEqual(await auditStage(net, record, 0), { passed: false, verdict: undefined });
  assert.equal((await auditStage(net, record, 1)).passed, true);
});

test('a receipt of another session, model or signer is refused', async (t) => {
  const net = await network(t, [new Doubling(0, 2), new Doubling(2, 3)]);
  const record = await answer(net);
  const { receipt } = record.receiptsOf(0)[0]!;
  const forged = { ...receipt, session: new Uint8Array(16) };
  assert.throws(() => record.evidence(0, signReceipt(forged, net.keys[0]!)), { code: 'RECEIPT_INVALID' });
  assert.throws(() => record.evidence(0, signReceipt(receipt, net.keys[1]!)), { code: 'SIGNATURE_INVALID' });
});
