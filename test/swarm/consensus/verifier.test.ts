import assert from 'node:assert/strict';
import { after, mock, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { makeTransaction, parametersOf, type Transaction } from '#ledger';
import { VerifierThreads } from '../../../src/consensus/application/verification/verifier-threads.ts';
import { curve, signer } from '../../support/ledger/chain.ts';
import { doubleVote } from '../../support/ledger/double-vote.ts';
import { chainOf, realLedger, walletOf } from '../../support/ledger/wallets.ts';

const ledger = realLedger([walletOf('payer').address()], 24);
const payer = walletOf('payer');
const verifier = new VerifierThreads({ threads: 2 });
after(() => verifier.stop());

async function transfers(count: number): Promise<Transaction[]> {
  const chain = chainOf(ledger);
  await payer.scan(chain);
  const made: Transaction[] = [];
  for (let i = 0; i < count; i++) {
    const payments = [{ to: payer.address(), amount: 1_000_000_000n }];
    const plan = await payer.plan({ payments, again: true }, chain);
    made.push(await payer.sign(plan, chain));
  }
  return made;
}

const spendOf = (transaction: Transaction) => ({ transaction, points: ledger.spends.resolve(transaction) });

/** The same but for one bit of the last scalar of a ring signature, or of the range proof. */
function forged({ body, proofs }: Transaction, part: 'ring' | 'range'): Transaction {
  const spend = structuredClone(proofs.spend!);
  const scalar = part === 'ring' ? spend.rings[0]!.scalars[3]! : spend.range.r1;
  scalar[0]! ^= 1;
  return makeTransaction(body, { ...proofs, spend }, curve);
}

test('threads come to the verdicts of the ledger’s own rules, forged ones in a batch of good ones included', async () => {
  const good = await transfers(5);
  const all = [good[0]!, forged(good[1]!, 'ring'), good[2]!, forged(good[3]!, 'range'), good[4]!];
  const verdicts = await verifier.verify(ledger.state, all.map(spendOf), 'block');
  assert.deepEqual(verdicts, [true, false, true, false, true]);
  const again = await Promise.all(all.map((one) => verifier.verify(ledger.state, [spendOf(one)], 'pool')));
  assert.deepEqual(again.flat(), verdicts);
  const missing = makeTransaction(
    {
      ...good[0]!.body,
      inputs: [{ ...good[0]!.body.inputs[0]!, ring: good[0]!.body.inputs[0]!.ring.map((n) => n + 1_000) }],
    },
    good[0]!.proofs,
    curve,
  );
  assert.deepEqual(await verifier.verify(ledger.state, [spendOf(missing)], 'block'), [false]);
});

test('a proposal is verified up to the first forged proof; what waited behind it is dropped', async () => {
  const one = new VerifierThreads({ threads: 1 });
  const posted = mock.method(Worker.prototype, 'postMessage');
  const jobs = () => posted.mock.calls.reduce((sum, { arguments: [batch] }) => sum + batch.length, 0);
  try {
    const [good] = await transfers(1);
    const bad = forged(good!, 'ring');
    assert.equal(
      await one.allHold(
        ledger.state,
        [good, good, good].map((spend) => spendOf(spend!)),
      ),
      true,
    );
    const before = jobs();
    const many = [bad, ...Array.from({ length: 30 }, () => good!)].map(spendOf);
    assert.equal(await one.allHold(ledger.state, many), false);
    // Who asks next waits for no more than what a thread was at.
    assert.deepEqual(await one.verify(ledger.state, [spendOf(good!)], 'pool'), [true]);
    assert.ok(jobs() - before <= 6, `${jobs() - before} were verified`);
  } finally {
    posted.mock.restore();
    await one.stop();
  }
});

test('threads come to the verdict of the ledger on evidence', async () => {
  const { chainId } = parametersOf(ledger.state);
  const good = doubleVote(chainId, signer('double voter'), { height: 3 });
  const [first, second] = [good.votes[0]!, good.votes[1]!];
  const bad = { ...good, votes: [first, { ...second, scalar: first.scalar }] };
  const verdicts = [good, bad, good].map((evidence) => verifier.evidenceHolds(evidence, chainId, 'pool'));
  assert.deepEqual(await Promise.all(verdicts), [true, false, true]);
  assert.equal(await verifier.evidenceHolds(good, new Uint8Array(32), 'pool'), false);
});

test('a thread that breaks is replaced, and what it was at is verified by another', async () => {
  const one = new VerifierThreads({ threads: 1 });
  const broken: Worker[] = [];
  const posted = mock.method(Worker.prototype, 'postMessage', function (this: Worker, batch: unknown) {
    if (broken.length === 0) {
      broken.push(this);
      this.terminate();
    } else posted.mock.restore();
    if (broken[0] !== this) this.postMessage(batch);
  });
  try {
    const [good] = await transfers(1);
    assert.deepEqual(await one.verify(ledger.state, [spendOf(good!)], 'block'), [true]);
    assert.equal(broken.length, 1);
  } finally {
    posted.mock.restore();
    await one.stop();
  }
});
