import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PaymentReceipt } from '../../../src/node/api/node-api.ts';
import { fateOf } from '../../../web/wallet/fate.ts';

const receipt = (outcome: PaymentReceipt['outcome'], message?: string): PaymentReceipt => ({
  id: 'a',
  fee: '1',
  expiry: 1_420,
  outcome,
  ...(message && { code: 'MEMPOOL_FULL', message }),
});

test('what became of a payment is said in plain words, and what to do', () => {
  const fate = (...[of, entry]: [PaymentReceipt, Parameters<typeof fateOf>[2]?]) =>
    fateOf('2 TORCH', of, entry);
  assert.match(fate(receipt('sent')), /^Sent 2 TORCH\. .* by block 1,420 at the latest\.$/);
  assert.equal(
    fate(receipt('pending'), { state: 'final', height: 43 }),
    'Sent 2 TORCH. It is final, in block 43.',
  );
  const pending = fate(receipt('pending', 'the pool is full'));
  assert.match(pending, /^Pending: 2 TORCH \(the pool is full\)\. It is retried/);
  assert.match(pending, /Sending the same payment again retries it too: it is paid only once\.$/);
  assert.match(fate(receipt('refused', 'a rule')), /^Refused: 2 TORCH \(a rule\)\. Nothing was paid/);
  assert.match(fate(receipt('sent'), { state: 'expired', height: 0 }), /^Not paid: 2 TORCH/);
  assert.match(fate(receipt('sent'), { state: 'superseded', height: 0 }), /Another attempt replaced it/);
});
