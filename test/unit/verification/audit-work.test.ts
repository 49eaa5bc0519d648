import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BitorchError } from '#base';
import { AUDIT_WORK } from '../../../src/verification/constants.ts';
import { answer, auditHop, auditNetwork, WIDTH } from '../../support/audit-network.ts';
import { Remembering } from '../../support/remembering.ts';

/** What the audit of an answer of 70 positions through one block is charged. */
const COST = 70 * WIDTH * 4;
const limits = (audits: number) => ({
  ...AUDIT_WORK.client,
  burstBytes: audits * COST,
  bytesPerSecond: COST / 10,
});

test('an auditor computes so much for a client and for its address, whoever the stages belong to, and then waits', async (t) => {
  let now = 0;
  const work = { client: limits(3), origin: limits(5), all: limits(100) };
  const net = await auditNetwork(t, [new Remembering(0, 1)], { auditing: { work, now: () => now } });
  const [first, second, third, elsewhere] = [
    await net.network.host('one'),
    await net.network.host('one'),
    await net.network.host('one'),
    await net.network.host('two'),
  ];
  const asks = async (client: typeof first): Promise<string> => {
    const of = { ...net, client };
    const record = await answer(of);
    return auditHop(of, record, 0).then(
      ({ passed }) => `passed: ${passed}`,
      (error: BitorchError) => `${error.code} ${error.details.code}`,
    );
  };
  const [passed, refused] = ['passed: true', 'REMOTE_ERROR BUDGET_EXCEEDED'];
  for (let i = 0; i < 3; i++) assert.equal(await asks(first), passed);
  assert.equal(await asks(first), refused);
  // The address has room for two more, under any name.
  for (const client of [second, second]) assert.equal(await asks(client), passed);
  for (const client of [second, third]) assert.equal(await asks(client), refused);
  assert.equal(await asks(elsewhere), passed);
  now += 11_000;
  assert.equal(await asks(first), passed);
  assert.equal(await asks(first), refused);
});
