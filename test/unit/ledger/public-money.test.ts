/** Money of public accounts pays fees, and leaves in no other way than through its queue. */
import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import type { SigningKey } from '#crypto';
import { MemoryStore } from '#store';
import {
  balanceOf,
  delegations,
  nodes,
  supplyRecord,
  validators,
  withdrawals,
} from '../../../src/ledger/accounts/index.ts';
import type { ActionContext } from '../../../src/ledger/actions/action.ts';
import { ACTIONS, type Action } from '../../../src/ledger/actions/registry.ts';
import { Ledger } from '../../../src/ledger/ledger.ts';
import { deriveOneTime } from '../../../src/ledger/wallet/one-time.ts';
import { readMembers, signTransfer } from '../../../src/ledger/wallet/sign.ts';
import { alice, FEE, ready, refused, registering, send, TORCH } from '../../support/ledger/acting.ts';
import {
  curve,
  deterministic,
  genesisOf,
  grow,
  growTo,
  signer,
  somebody,
  someRefund,
  TEST_PARAMETERS,
  transactionOf,
  trustingLedger,
} from '../../support/ledger/chain.ts';
import { chainOf, walletOf } from '../../support/ledger/wallets.ts';

const [first, second, owner] = ['first', 'second', 'owner'].map(signer) as [
  SigningKey,
  SigningKey,
  SigningKey,
];

const bonded = (key: SigningKey, tokens: bigint) => ({
  validator: key.publicKey,
  owner: owner.publicKey,
  payout: somebody,
  commission: 0,
  tokens,
});

const leaving = (key: SigningKey, shares: bigint, fee: bigint): Action => ({
  name: 'undelegate',
  body: {
    validator: key.publicKey,
    delegator: owner.publicKey,
    shares,
    refund: someRefund,
    sequence: 0,
    fee,
  },
});

/** Two validators of 1,000 TORCH, of one owner. */
function twoValidators(): Ledger {
  const both = [first, second].map((key) => bonded(key, 1_000n * TORCH));
  const ledger = trustingLedger({ ...genesisOf(), validators: both });
  growTo(ledger, 4);
  return ledger;
}

const tokensOf = (ledger: Ledger, key: SigningKey) =>
  validators.bucket.get(ledger.state, key.publicKey)?.tokens;

describe('what actions release', () => {
  test('a bond is not spent as the fee of its own withdrawal, whose change comes back at once', async () => {
    const wallet = walletOf('thief');
    const grants = Array.from({ length: 20 }, () => ({ to: wallet.address(), amount: 10n ** 12n }));
    const shares = 100_000n * TORCH;
    const genesis = { ...genesisOf(), grants, validators: [bonded(first, shares)] };
    const ledger = Ledger.create(genesis, { store: new MemoryStore(), curve });
    growTo(ledger, 4);
    const chain = chainOf(ledger);
    await wallet.scan(chain);
    const plan = await wallet.plan({ payments: [] }, chain);
    const refund = deriveOneTime(wallet.address(), owner.publicKey, curve);
    const out = leaving(first, shares, shares - 1n);
    const action = { ...out, body: { ...out.body, refund } } as Action;
    const paidIn = plan.spends.reduce((sum, { output }) => sum + output.amount, 0n);
    const fee = 10n ** 8n;
    const change = paidIn + shares - 1n - fee;
    const outputs = plan.outputs.map((output, i) =>
      i === plan.change ? { ...output, amount: change } : output,
    );
    const evil = { ...plan, outputs, fee, actions: [action], deposits: 0n };
    const { transaction } = signTransfer(evil, {
      account: wallet.account,
      network: TEST_PARAMETERS.network,
      members: await readMembers(evil, chain),
      curve,
      signers: [owner],
    });
    assert.throws(() => grow(ledger, ledger.parse(transaction.bytes)), /release more than the fee/);
    assert.equal(tokensOf(ledger, first), shares);
  });

  test('nor as a tip, which would carry it into the pool of the proposer', () => {
    const ledger = twoValidators();
    const all = 1_000n * TORCH;
    const fee = all - 1n;
    refused(ledger, { actions: [leaving(first, all, fee)], signers: [owner] }, /more than the fee can need/);
    const own = { inputs: 1, actions: [leaving(first, all, fee)], signers: [owner], fee };
    refused(ledger, own, /more than the fee can need/);
  });

  test('nor deposited elsewhere in the same transaction: who redelegates waits', () => {
    const ledger = twoValidators();
    const all = 1_000n * TORCH;
    const moved = all - 1n - 10n ** 6n;
    const delegate: Action = {
      name: 'delegate',
      body: { validator: second.publicKey, delegator: owner.publicKey, amount: moved },
    };
    const draught = { actions: [leaving(first, all, all - 1n), delegate], signers: [owner], fee: 10n ** 6n };
    refused(ledger, draught, /public money cannot be deposited/);
    refused(ledger, { ...draught, inputs: 1 }, /release more than the fee/);
    assert.deepEqual(
      [first, second].map((key) => tokensOf(ledger, key)),
      [all, all],
    );
  });

  test('a service bond waits too, and so does the part of earnings that is held back', () => {
    const ledger = ready();
    send(ledger, registering(alice, { deposit: 500n * TORCH }));
    refused(
      ledger,
      registering(alice, { deposit: 0n, sequence: 1, fee: 499n * TORCH }),
      /release more than the fee/,
    );
    const out = registering(alice, { deposit: 0n, withdraw: 500n * TORCH - FEE, sequence: 1, fee: FEE });
    send(ledger, { ...out, inputs: 0 });
    const waiting = [...withdrawals.bucket.entries(ledger.state)][0]![1];
    assert.equal(waiting.due, ledger.head.height + TEST_PARAMETERS.unbondingBlocks);
  });

  test('an action that moves other sums than it declares is refused, whichever it is', () => {
    const ledger = twoValidators();
    const delegate: Action = {
      name: 'delegate',
      body: { validator: first.publicKey, delegator: owner.publicKey, amount: TORCH },
    };
    for (const moved of [-TORCH, 0n, TORCH - 1n, TORCH + 1n]) {
      const forgetful = mock.method(ACTIONS.delegate, 'apply', (_: unknown, { view }: ActionContext) => {
        const record = validators.bucket.get(view, first.publicKey)!;
        validators.bucket.put(view, first.publicKey, { ...record, tokens: record.tokens + moved });
      });
      refused(ledger, { inputs: 1, actions: [delegate] }, /do not change by the amounts/);
      forgetful.mock.restore();
    }
  });

  test('nor can more be paid as a fee, and a block that is decided goes on without it', () => {
    for (const fee of [10n ** 17n, 2n ** 63n, 2n ** 64n - 1n]) {
      const ledger = twoValidators();
      const transaction = transactionOf(ledger, deterministic('fee'), { inputs: 1, fee });
      const block = { height: 5, proposer: first.publicKey, transactions: [transaction] };
      assert.throws(() => ledger.apply(block), {
        code: 'TRANSACTION_INVALID',
        message: /than the shielded supply/,
      });
      const { refusals } = ledger.execute(block, () => true);
      assert.match(String(refusals[0]), /than the shielded supply/);
    }
  });

  test('more than there is cannot be deposited, so no amount leaves its range', () => {
    const ledger = twoValidators();
    const { shielded } = supplyRecord.bucket.get(ledger.state, null)!;
    const delegating = (amount: bigint): Action => ({
      name: 'delegate',
      body: { validator: first.publicKey, delegator: owner.publicKey, amount },
    });
    const half = 2n ** 63n;
    refused(
      ledger,
      { inputs: 1, actions: [delegating(half), delegating(half)] },
      /more than the shielded supply/,
    );
    refused(ledger, { inputs: 1, actions: [delegating(shielded + 1n)] }, /more than the shielded supply/);
    send(ledger, { inputs: 1, actions: [delegating(shielded - TORCH)] });
  });
});

describe('records', () => {
  test('a bond and its withdrawal leave no validator for a spark', () => {
    const ledger = ready();
    const fresh = Array.from({ length: 4 }, (_, i) => signer(`fresh ${i}`));
    const bond = (key: SigningKey): Action => ({
      name: 'bond',
      body: {
        validator: key.publicKey,
        owner: owner.publicKey,
        payout: somebody,
        commission: 0,
        amount: TORCH,
      },
    });
    const actions = fresh.flatMap((key) => [bond(key), leaving(key, TORCH, TORCH - 1n)]);
    const signers = fresh.flatMap((key) => [key, owner, owner]);
    refused(ledger, { inputs: 1, actions, signers }, /release more than the fee/);
    refused(
      ledger,
      {
        inputs: 1,
        actions: [bond(fresh[0]!), leaving(fresh[0]!, TORCH - 1n, 0n)],
        signers: signers.slice(0, 3),
      },
      /remaining delegation is too small/,
    );
  });

  test('what is empty is removed once nothing of it can be slashed any more', () => {
    const ledger = trustingLedger(genesisOf({ ...TEST_PARAMETERS, validatorPart: 0 }));
    growTo(ledger, 4);
    const body = { validator: first.publicKey, owner: owner.publicKey, payout: somebody, commission: 0 };
    send(ledger, {
      inputs: 1,
      actions: [{ name: 'bond', body: { ...body, amount: TORCH } }],
      signers: [first, owner],
    });
    send(ledger, registering());
    send(ledger, { actions: [leaving(first, TORCH, FEE)], signers: [owner] });
    const out = registering(alice, { deposit: 0n, withdraw: TORCH - FEE, sequence: 1, fee: FEE });
    send(ledger, { ...out, inputs: 0 });
    const kept = () => [
      validators.bucket.has(ledger.state, first.publicKey),
      delegations.bucket.has(ledger.state, [first.publicKey, owner.publicKey]),
      nodes.bucket.has(ledger.state, alice.publicKey),
    ];
    growTo(ledger, ledger.head.height + TEST_PARAMETERS.unbondingBlocks - 2);
    assert.deepEqual(kept(), [true, true, true]);
    growTo(ledger, ledger.head.height + 2);
    assert.deepEqual(kept(), [false, false, false]);
    const open = [...ledger.state.range({ from: Uint8Array.of(0x80), to: Uint8Array.of(0xff) })];
    assert.equal(
      open.reduce((sum, { key, value }) => sum + balanceOf(key, value), 0n),
      supplyRecord.bucket.get(ledger.state, null)!.open,
    );
  });
});
