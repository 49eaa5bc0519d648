import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_INPUTS } from '../../../src/ledger/constants.ts';
import { readDecoys } from '../../../src/ledger/wallet/decoys.ts';
import {
  nameOfOrder,
  type PlanSource,
  planSweep,
  type TransferPlan,
} from '../../../src/ledger/wallet/plan.ts';
import { planPayment } from '../../../src/ledger/wallet/split.ts';
import type { Try } from '../../../src/ledger/wallet/transfers.ts';
import { somebody } from '../../support/ledger/chain.ts';
import { chainOf, realLedger, walletOf } from '../../support/ledger/wallets.ts';

const TORCH = 1_000_000_000n;
const none = () => undefined;

const payer = walletOf('many small outputs');
const chain = chainOf(realLedger([payer.address()], 200));
await payer.scan(chain);
const status = await chain.status();
/** 200 outputs of 1,000 TORCH. */
const source: PlanSource = {
  ...(await readDecoys(chain, status, [])),
  baseFee: status.baseFee,
  spendable: payer.owned,
  changeTo: payer.address(),
};

const paidBy = (plans: readonly TransferPlan[]): bigint =>
  plans.reduce((total, { outputs, change }) => total + outputs[1 - change]!.amount, 0n);
const inputsOf = (plans: readonly TransferPlan[]): number[] =>
  plans.flatMap(({ spends }) => spends.map(({ output }) => output.number));
/** The wallet has signed these plans, and no block holds them yet. */
const waiting =
  (plans: readonly TransferPlan[]) =>
  (name: Uint8Array): Try | undefined => {
    const plan = plans.find(({ order }) => Buffer.compare(order, name) === 0);
    return plan && { inputs: plan.spends.map(({ output }) => output), amount: paidBy([plan]) };
  };

test('a payment out of more outputs than a transfer can spend is made in several, to the last spark', () => {
  for (const torch of [64_000n, 199_000n]) {
    const plans = planPayment({ to: somebody, amount: torch * TORCH }, source, none);
    assert.ok(plans.length > 1);
    assert.equal(paidBy(plans), torch * TORCH);
    const inputs = inputsOf(plans);
    assert.equal(new Set(inputs).size, inputs.length, 'no output is spent twice');
    for (const { spends, outputs, fee } of plans) {
      assert.ok(spends.length <= MAX_INPUTS);
      const spent = spends.reduce((total, { output }) => total + output.amount, 0n);
      assert.equal(spent, outputs.reduce((total, { amount }) => total + amount, 0n) + fee);
    }
    assert.equal(new Set(plans.map(({ order }) => Buffer.from(order).toString('hex'))).size, plans.length);
  }
  const one = planPayment({ to: somebody, amount: 5_000n * TORCH }, source, none);
  assert.equal(one.length, 1);
  assert.throws(() => planPayment({ to: somebody, amount: 200_000n * TORCH }, source, none), {
    code: 'FUNDS_INSUFFICIENT',
  });
});

test('ordered again, the parts that wait are tried again with what they spent, and nothing else is paid', () => {
  const order = { to: somebody, amount: 150_000n * TORCH };
  const first = planPayment(order, source, none);
  for (const tier of ['normal', 'high'] as const) {
    const second = planPayment({ ...order, tier }, source, waiting(first));
    assert.deepEqual(
      second.map(({ order: name }) => name),
      first.map(({ order: name }) => name),
    );
    assert.equal(paidBy(second), order.amount);
    for (const [i, { spends }] of second.entries()) {
      const spent = new Set(spends.map(({ output }) => output.number));
      assert.ok(first[i]!.spends.every(({ output }) => spent.has(output.number)));
    }
    const inputs = inputsOf(second);
    assert.equal(new Set(inputs).size, inputs.length);
  }
  const landed = planPayment(order, source, waiting(first.slice(1)));
  assert.deepEqual(
    landed.map(({ order: name }) => name),
    first.slice(1).map(({ order: name }) => name),
  );
  const apart = planPayment({ ...order, again: true }, source, waiting(first));
  assert.ok(apart.every(({ order: name }) => waiting(first)(name) === undefined));
});

test('a payment in one transfer that waits is tried as one', () => {
  const order = { to: somebody, amount: 5_000n * TORCH };
  const first = planPayment(order, source, none);
  assert.deepEqual(first[0]!.order, nameOfOrder({ payments: [order] }));
  const second = planPayment(order, source, waiting(first));
  assert.deepEqual(inputsOf(second), inputsOf(first));
});

test('a sweep leaves outputs that cost more than they hold, and sends all others', () => {
  const dusty = {
    ...source,
    spendable: payer.owned.map((output, i) => (i % 2 ? { ...output, amount: 9n } : output)),
  };
  const plans = planSweep(somebody, dusty);
  const fees = plans.reduce((total, { fee }) => total + fee, 0n);
  assert.equal(inputsOf(plans).length, 100);
  assert.equal(paidBy(plans), 100_000n * TORCH - fees);
  const dust = { ...source, spendable: payer.owned.map((output) => ({ ...output, amount: 9n })) };
  assert.throws(() => planSweep(somebody, dust), { code: 'FUNDS_INSUFFICIENT' });
  const [cheap, dear] = (['low', 'high'] as const).map((tier) => {
    const edge = { ...source, spendable: payer.owned.map((output) => ({ ...output, amount: fees / 60n })) };
    return (() => {
      try {
        return inputsOf(planSweep(somebody, edge, tier)).length;
      } catch {
        return 0;
      }
    })();
  });
  assert.ok(cheap! > dear!, 'what is dust depends on the fee');
});
