import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BitorchError, equalBytes, sha256, utf8 } from '#base';
import { type Executor, planSession, type Row } from '#execution';
import { publicKeyOf } from '#network';
import {
  AUDIT_PROTOCOL,
  fetchInputs,
  INPUTS_PROTOCOL,
  type SignedReceipt,
  signReceipt,
  signTicket,
  signVerdict,
} from '#verification';
import {
  decodeAuditAnswer,
  decodeAuditRequest,
  encodeAuditAnswer,
} from '../../../src/verification/audit-messages.ts';
import {
  answer,
  auditHop,
  auditNetwork,
  MANIFEST,
  openSession,
  rows,
  WIDTH,
} from '../../support/audit-network.ts';
import { settle } from '../../support/local-hosts.ts';
import { Remembering } from '../../support/remembering.ts';

class Liar extends Remembering {
  override async forward(rows: Row[], states: Float32Array) {
    const out = await super.forward(rows, states);
    out[0]! += 1;
    return out;
  }
}

const chain = (count: number, liar = -1): Executor[] =>
  Array.from({ length: count }, (_, i) => (i === liar ? new Liar(i, i + 1) : new Remembering(i, i + 1)));

test('receipts before and after a rollback cannot be put together against an honest stage', async (t) => {
  const net = await auditNetwork(t, chain(1));
  const { session, record } = await openSession(net);
  await session.forward(0, rows(32, 1));
  await session.forward(32, rows(32, 2));
  await settle();
  const old = record.receiptsOf(0);
  await session.forward(0, rows(32, 5));
  await session.forward(32, rows(32, 2));
  await session.close();
  const now = record.receiptsOf(0);
  assert.deepEqual(
    [...old, ...now].map(({ receipt }) => [receipt.from, receipt.epoch]),
    [
      [0, 0],
      [32, 0],
      [0, 1],
      [32, 1],
    ],
  );
  record.checkContinuity();
  for (const mixed of [[now[0]!, old[1]!], [old[0]!, now[1]!], [old[1]!], [old[0]!, old[0]!]]) {
    await assert.rejects(auditHop(net, record, 0, mixed), (error: BitorchError) => {
      assert.equal(error.code, 'REMOTE_ERROR');
      return error.details.code === 'CHAIN_BROKEN';
    });
  }
  // What was rolled back was honest work as well, and its inputs are still there.
  for (const branch of [old, now]) assert.equal((await auditHop(net, record, 0, branch)).passed, true);
});

test('no order of frames and rollbacks, and no choice of receipts, makes an honest stage fail', async (t) => {
  const step = fc.record({
    back: fc.nat({ max: 80 }),
    count: fc.integer({ min: 1, max: 60 }),
    value: fc.nat(5),
  });
  const net = await auditNetwork(t, chain(1));
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 8 }),
      fc.array(fc.nat(), { maxLength: 4 }),
      async (steps, picks) => {
        const { session, record } = await openSession(net);
        const collected: SignedReceipt[] = [];
        const keep = record.evidence.bind(record);
        record.evidence = (hop, signed) => {
          keep(hop, signed);
          collected.push(...record.receiptsOf(0).filter((receipt) => equalBytes(receipt.signed, signed)));
        };
        let length = 0;
        for (const { back, count, value } of steps) {
          const position = Math.max(0, length - back);
          await session.forward(position, rows(count, value));
          length = position + count;
        }
        await session.close();
        record.checkContinuity();
        // Every receipt with those that it names passes, whichever branch it is on.
        for (const tip of collected) {
          const branch = [tip];
          for (let link: SignedReceipt | undefined = tip; link && link.receipt.from > 0; ) {
            const { before }: { before: Uint8Array } = link.receipt;
            link = collected.find(({ id }) => equalBytes(id, before));
            branch.unshift(link!);
          }
          assert.equal((await auditHop(net, record, 0, branch)).passed, true);
        }
        const picked = picks.map((pick) => collected[pick % collected.length]!);
        if (picked.length > 0) {
          const outcome = await auditHop(net, record, 0, picked).catch((error: BitorchError) => error);
          assert.ok(outcome instanceof BitorchError ? outcome.code === 'REMOTE_ERROR' : outcome.passed);
        }
      },
    ),
    { numRuns: 25 },
  );
});

test('a stage that answers and withholds its inputs has failed', async (t) => {
  const net = await auditNetwork(t, chain(2), { silent: [0] });
  const record = await answer(net);
  assert.deepEqual(await auditHop(net, record, 0), { passed: false, verdict: undefined });
  for (const say of [
    { ok: true }, // and nothing follows
    { error: { code: 'SESSION_UNKNOWN', message: 'never heard of it' } },
  ]) {
    await net.stages[1]!.handle(INPUTS_PROTOCOL, 1 << 20, async (stream) => {
      const { encodeCanonical } = await import('#base');
      await stream.read();
      await stream.send(encodeCanonical(say));
      await stream.close();
    });
    assert.deepEqual(await auditHop(net, record, 1), { passed: false, verdict: undefined });
  }
});

test('a stage that hands over other inputs than it signed has failed', async (t) => {
  const net = await auditNetwork(t, chain(1));
  const record = await answer(net);
  await net.stages[0]!.handle(INPUTS_PROTOCOL, 1 << 20, async (stream) => {
    const { encodeCanonical, bytesOf } = await import('#base');
    await stream.read();
    await stream.send(encodeCanonical({ ok: true }));
    await stream.send(bytesOf(rows(70, 3)));
    await stream.close();
  });
  assert.deepEqual(await auditHop(net, record, 0), { passed: false, verdict: undefined });
});

test('a stage that is lost is judged by what the client, or the stage before, has of its inputs', async (t) => {
  const net = await auditNetwork(t, chain(3, 2));
  const record = await answer(net);
  for (const stage of [net.stages[0]!, net.stages[2]!]) stage.cut = true;
  assert.equal((await auditHop(net, record, 0)).passed, true);
  assert.equal((await auditHop(net, record, 1)).passed, true);
  const { passed, verdict } = await auditHop(net, record, 2);
  assert.deepEqual([passed, verdict?.stage, verdict?.from], [false, net.stages[2]!.id, 0]);
});

test('nobody is blamed when neither a stage nor the one before it can be reached', async (t) => {
  const net = await auditNetwork(t, chain(2));
  const record = await answer(net);
  for (const stage of net.stages) stage.cut = true;
  await assert.rejects(auditHop(net, record, 1), { code: 'INPUTS_MISSING' });
});

test('an auditor that cannot reach the stage gets the inputs through the client', async (t) => {
  const net = await auditNetwork(t, chain(2));
  const record = await answer(net);
  net.network.delay = async (from, _, protocol) => {
    if (from === net.auditor.id && protocol === INPUTS_PROTOCOL)
      throw new BitorchError('PEER_UNREACHABLE', 'no way from here');
  };
  for (const hop of [0, 1]) assert.equal((await auditHop(net, record, hop)).passed, true);
});

test('a verdict names model, input, auditor and receipt, and one on other work does not count', async (t) => {
  const net = await auditNetwork(t, chain(1));
  const record = await answer(net);
  const { verdict } = await auditHop(net, record, 0);
  const { receipt, id } = record.receiptsOf(0).at(-1)!;
  assert.ok(verdict);
  assert.deepEqual(
    [verdict.manifest, verdict.input, verdict.receipt, verdict.client, verdict.auditor],
    [MANIFEST, receipt.input, id, publicKeyOf(net.client.id), net.auditor.id],
  );
  const first = record.receiptsOf(0)[0]!;
  const shown = { signed: first.receipt.output, recomputed: first.receipt.output };
  for (const change of [
    { manifest: sha256(utf8('another model')) },
    { input: sha256(utf8('another input')) },
    { auditor: net.client.id },
    { stage: net.client.id },
    { receipt: sha256(utf8('another receipt')) },
    // A pass of an earlier chunk says nothing about the one that was asked for.
    { ...shown, receipt: first.id, from: 0, to: 32, input: first.receipt.input },
  ]) {
    await net.auditor.handle(AUDIT_PROTOCOL, 1 << 20, async (stream) => {
      decodeAuditRequest((await stream.read())!);
      await stream.send(
        encodeAuditAnswer({ verdict: signVerdict({ ...verdict, ...change }, net.auditor.key) }),
      );
    });
    await assert.rejects(auditHop(net, record, 0), { code: 'VERDICT_INVALID' });
  }
});

test('an error code that an auditor chooses is not taken for a finding of our own', async (t) => {
  const net = await auditNetwork(t, chain(1));
  const record = await answer(net);
  await net.auditor.handle(AUDIT_PROTOCOL, 1 << 20, async (stream) => {
    await stream.read();
    const error = { code: 'CONTINUITY_BROKEN', message: 'stage 1 signed\u001b[2J other hidden states' };
    await stream.send(encodeAuditAnswer({ error }));
  });
  await assert.rejects(auditHop(net, record, 0), (error: BitorchError) => {
    assert.deepEqual([error.code, error.details.code], ['REMOTE_ERROR', 'CONTINUITY_BROKEN']);
    return !error.message.includes('\u001b');
  });
});

test('inputs are opened to the client and the auditor that it named, and only while the ticket lasts', async (t) => {
  const net = await auditNetwork(t, chain(1));
  const record = await answer(net);
  const { client, auditor } = net;
  const tip = record.receiptsOf(0).at(-1)!;
  const { session } = record.plan;
  const ticket = {
    version: 2 as const,
    session,
    stage: net.stages[0]!.id,
    auditor: auditor.id,
    receipt: tip.id,
    expires: Date.now() + 1000,
  };
  const ask = (
    host: typeof client,
    given: Partial<typeof ticket> | null,
    side: 'input' | 'output' = 'input',
    key = client.key,
  ) => {
    const sealed = given && signTicket({ ...ticket, ...given }, key);
    const request = { session, client: client.id, receipt: tip.id, side, ticket: sealed };
    return fetchInputs(host, net.route[0]!, request, { to: 70, width: WIDTH }, AbortSignal.timeout(5_000));
  };
  assert.deepEqual(await ask(client, null), rows(70));
  assert.equal((await ask(client, null, 'output')).length, 70 * WIDTH);
  assert.deepEqual(await ask(auditor, {}), rows(70));
  const stranger = await net.network.host();
  for (const refused of [
    () => ask(stranger, null),
    () => ask(stranger, {}),
    () => ask(auditor, null),
    () => ask(auditor, {}, 'output'),
    () => ask(auditor, {}, 'input', stranger.key),
    () => ask(auditor, { expires: Date.now() - 130_000 }),
    () => ask(auditor, { expires: Date.now() + 800_000 }),
    () => ask(auditor, { stage: auditor.id }),
    () => ask(auditor, { receipt: record.receiptsOf(0)[0]!.id }),
    () => ask(auditor, { session: new Uint8Array(16) }),
  ])
    await assert.rejects(refused(), { code: 'INPUTS_WITHHELD' });
});

test('an auditor takes no order for the session of another client', async (t) => {
  const net = await auditNetwork(t, chain(1));
  const record = await answer(net);
  const other = { ...net, client: await net.network.host() };
  await assert.rejects(auditHop(other, record, 0), { code: 'RECEIPT_INVALID' });
  // Also when the client's own check is left out.
  const receipts = record.receiptsOf(0);
  const stranger = {
    ...receipts.at(-1)!,
    receipt: { ...receipts.at(-1)!.receipt, client: other.client.key.publicKey },
  };
  await assert.rejects(auditHop(other, record, 0, [...receipts.slice(0, -1), stranger]), /AUDIT_INVALID/);
});

test('a stage that signed for inputs without a finite output has failed', async (t) => {
  const net = await auditNetwork(t, chain(1));
  const record = await answer(net);
  const forward = Remembering.prototype.forward;
  t.mock.method(
    Remembering.prototype,
    'forward',
    async function (this: Remembering, at: Row[], states: Float32Array) {
      if (at[0]!.position >= 32) throw new BitorchError('HIDDEN_NOT_FINITE', 'infinite');
      return forward.call(this, at, states);
    },
  );
  const { passed, verdict } = await auditHop(net, record, 0);
  assert.deepEqual([passed, verdict?.recomputed, verdict?.from], [false, null, 32]);
});

test('one client cannot hold all places of an auditor', async (t) => {
  const net = await auditNetwork(t, chain(1));
  const [record, others] = [await answer(net), { ...net, client: await net.network.host() }];
  const other = await answer(others);
  const requests: Uint8Array[] = [];
  net.network.delay = async (from, _, protocol) => {
    if (from === net.auditor.id && protocol === INPUTS_PROTOCOL)
      throw new BitorchError('PEER_UNREACHABLE', 'no way from here');
  };
  const open = net.client.open;
  t.mock.method(net.client, 'open', async (...args: Parameters<typeof open>) => {
    const stream = await open(...args);
    if (args[1] === AUDIT_PROTOCOL) {
      t.mock.method(stream, 'send', async (request: Uint8Array) => void requests.push(request));
      t.mock.method(stream, 'read', async () => undefined);
    }
    return stream;
  });
  await assert.rejects(auditHop(net, record, 0), { code: 'STREAM_CLOSED' });
  t.mock.restoreAll();
  // It has the auditor wait for inputs eight times, and sends none.
  const hold = async () => {
    const stream = await net.client.open(net.auditor, AUDIT_PROTOCOL, 1 << 20);
    await stream.send(requests[0]!);
    return stream;
  };
  const held = await Promise.all(Array.from({ length: 8 }, hold));
  await settle();
  const refused = await hold();
  for (const stream of held) assert.deepEqual(decodeAuditAnswer((await stream.read())!), { inputs: 70 });
  const codeOf = async (stream: typeof refused) => {
    const said = decodeAuditAnswer((await stream.read())!);
    return 'error' in said ? said.error.code : undefined;
  };
  assert.equal(await codeOf(refused), 'AUDITOR_BUSY');
  assert.equal((await auditHop(others, other, 0)).passed, true);
  assert.equal(await codeOf(held[0]!), 'PLACE_RECLAIMED');
});

test("receipts are refused that do not continue the session's, or are for other work", async (t) => {
  const net = await auditNetwork(t, chain(1));
  const { session, record } = await openSession(net);
  await session.forward(0, rows(70));
  await settle();
  const [first, second] = record.receiptsOf(0);
  const sign = (change: object) => signReceipt({ ...second!.receipt, ...change }, net.stages[0]!.key);
  for (const [change, code] of [
    [{ before: sha256(utf8('other work')) }, 'CHAIN_BROKEN'],
    [{ from: 0, to: 32 }, 'CHAIN_BROKEN'],
    [{ client: net.auditor.key.publicKey }, 'CHAIN_BROKEN'],
    [{ width: WIDTH + 1 }, 'RECEIPT_INVALID'],
    [{ epoch: 1 }, 'RECEIPT_INVALID'],
    [{ session: new Uint8Array(16) }, 'RECEIPT_INVALID'],
    [{ from: 64, to: 96, before: second!.id }, 'RECEIPT_INVALID'],
  ] as const)
    assert.throws(() => record.evidence(0, sign(change)), { code });
  assert.deepEqual(record.receiptsOf(0), [first, second]);
  await session.close();
  record.checkContinuity();
});

test('after a rollback the receipts from before it count for nothing', async (t) => {
  const net = await auditNetwork(t, chain(1));
  const { session, record } = await openSession(net);
  await session.forward(0, rows(64));
  await settle();
  const late = record.receiptsOf(0)[1]!;
  await session.forward(40, rows(2, 3));
  assert.deepEqual(
    record.receiptsOf(0).map(({ receipt }) => receipt.to),
    [32],
  );
  record.evidence(0, late.signed);
  assert.deepEqual(
    record.receiptsOf(0).map(({ receipt }) => receipt.to),
    [32],
  );
  assert.throws(() => record.checkContinuity(), { code: 'RECEIPTS_MISSING' });
  await session.close();
  record.checkContinuity();
  assert.equal((await auditHop(net, record, 0)).passed, true);
});

test('a session id of a client is good once, and belongs to that client', async (t) => {
  const net = await auditNetwork(t, chain(1));
  const plan = planSession(MANIFEST, net.route);
  const mine = await openSession(net, plan);
  await mine.session.forward(0, rows(40));
  const stranger = { ...net, client: await net.network.host() };
  const copy = await openSession(stranger, plan);
  await copy.session.forward(0, rows(40, 2));
  await copy.session.close();
  await mine.session.close();
  await assert.rejects(openSession(net, plan), /SESSION_KNOWN/);
  for (const [who, { record }] of [
    [net, mine],
    [stranger, copy],
  ] as const)
    assert.equal((await auditHop(who, record, 0)).passed, true);
});
