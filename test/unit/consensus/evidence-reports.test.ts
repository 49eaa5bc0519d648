import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BitorchError, createLog } from '#base';
import type { Equivocation } from '#ledger';
import { ACCEPTED, type CheckTxResult, refusedFor } from '../../../src/consensus/application/index.ts';
import { EvidenceReports } from '../../../src/consensus/evidence/index.ts';
import { signer } from '../../support/ledger/chain.ts';
import { doubleVote } from '../../support/ledger/double-vote.ts';

const evidence = doubleVote(new Uint8Array(32), signer('offender'), { height: 5 });
const accepted: CheckTxResult = { ...ACCEPTED, priority: 0 };
const refusal = (code: 'MEMPOOL_CONFLICT' | 'TRANSACTION_INVALID'): CheckTxResult => ({
  ...refusedFor(new BitorchError(code, 'not now')),
  priority: 0,
});

/** Reports to a pool that gives these answers, one after the other. */
function reportsTo(answers: (CheckTxResult | Error)[]) {
  const submitted: Equivocation[] = [];
  const submit = async (body: Equivocation) => {
    submitted.push(body);
    const answer = answers.shift() ?? assert.fail('submitted too often');
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { submitted, reports: new EvidenceReports({ submit, log: createLog('silent') }) };
}

test('evidence that another transaction keeps out is submitted after each block until it is taken', async () => {
  const conflict = refusal('MEMPOOL_CONFLICT');
  const { reports, submitted } = reportsTo([conflict, conflict, accepted]);
  await reports.report(evidence);
  for (let block = 0; block < 5; block++) await reports.retry();
  assert.deepEqual(submitted, [evidence, evidence, evidence]);
});

test('evidence that the ledger has refused, or that could not be submitted, is not kept', async () => {
  for (const answer of [refusal('TRANSACTION_INVALID'), new Error('no thread')]) {
    const { reports, submitted } = reportsTo([answer]);
    await reports.report(evidence);
    await reports.retry();
    assert.equal(submitted.length, 1);
  }
});

test('of evidence that is kept out without end a bounded number is kept', async () => {
  const { reports, submitted } = reportsTo(Array.from({ length: 600 }, () => refusal('MEMPOOL_CONFLICT')));
  for (let height = 1; height <= 300; height++) await reports.report({ ...evidence, height });
  await reports.retry();
  assert.equal(submitted.length, 300 + 256);
});
