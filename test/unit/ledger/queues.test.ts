/** What the chain does of itself: so much in a block, in order, and by those that are at work, not by all there ever were. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SigningKey } from '#crypto';
import { Overlay, type ReadView } from '#store';
import { powerOf } from '../../../src/consensus/application/power.ts';
import {
  delegations,
  dues,
  escrows,
  leading,
  nodes,
  parametersOf,
  parametersRecord,
  putValidator,
  stakeOf,
  supplyRecord,
  UNTRIED,
  validators,
  workRecord,
} from '../../../src/ledger/accounts/index.ts';
import type { Action } from '../../../src/ledger/actions/registry.ts';
import { signReceipt } from '../../../src/ledger/escrow/receipt.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { emissionOf } from '../../../src/ledger/state/epoch.ts';
import { duesPerBlock } from '../../../src/ledger/state/payments.ts';
import { alice, bob, FEE, ready, refused, registering, send, TORCH } from '../../support/ledger/acting.ts';
import {
  type Draught,
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

const opening = (name: string, deadline: number, change = {}): Draught => ({
  inputs: 1,
  actions: [
    {
      name: 'escrowOpen',
      body: {
        escrow: signer(name).publicKey,
        value: TORCH,
        deposit: TORCH / 10n,
        deadline,
        refund: someRefund,
        caps: [],
        ...change,
      },
    },
  ],
  signers: [signer(name)],
});

const settling = (node: typeof alice, session: string, deadline: number, amount: bigint): Draught => {
  const key = signer(session);
  const claim = {
    escrow: key.publicKey,
    deadline,
    sequence: 1,
    tokensIn: 1,
    tokensOut: 1,
    amount,
    transcript: new Uint8Array(32),
  };
  const statement = { chainId: TEST_PARAMETERS.chainId, node: node.publicKey, ...claim };
  const { signature } = signReceipt(statement, key);
  const body = { node: node.publicKey, claims: [{ ...claim, signature }], fee: FEE };
  return { actions: [{ name: 'escrowSettle', body }], signers: [node] };
};

/** Room for three payments of each kind in a block. */
const NARROW = { ...TEST_PARAMETERS, maxBlockWeight: 3 * 2_048 };

describe('a quota of what is due', () => {
  test('escrows that end together are paid in their order, a block’s share at a time, and nothing is lost', () => {
    const ledger = trustingLedger(genesisOf(NARROW));
    growTo(ledger, 4);
    assert.equal(duesPerBlock(NARROW), 3);
    const deadline = 20;
    for (let i = 0; i < 10; i++) send(ledger, opening(`session ${i}`, deadline));
    growTo(ledger, deadline + TEST_PARAMETERS.settlementWindow - 1);
    const open = () => [...escrows.bucket.entries(ledger.state)].length;
    const paid: number[] = [];
    while (open() > 0) paid.push(grow(ledger).created.length);
    assert.deepEqual(paid, [3, 3, 3, 1]);
    assert.equal([...dues.bucket.entries(ledger.state)].length, 0);
  });

  test('what waits is closed to claims all the same', () => {
    const ledger = trustingLedger(genesisOf(NARROW));
    growTo(ledger, 4);
    send(ledger, registering(alice));
    const deadline = 20;
    const caps = [{ node: alice.publicKey, cap: TORCH }];
    for (let i = 0; i < 7; i++) send(ledger, opening(`session ${i}`, deadline, { caps }));
    growTo(ledger, deadline + TEST_PARAMETERS.settlementWindow);
    const waiting = Array.from({ length: 7 }, (_, i) => `session ${i}`).find((name) =>
      escrows.bucket.has(ledger.state, signer(name).publicKey),
    )!;
    refused(ledger, settling(alice, waiting, deadline, TORCH), /settlement window is over/);
  });

  test('a block can put off no more than a block can pay: what comes later is in the weight', () => {
    const ledger = ready();
    const random = deterministic('weights');
    const dearer = (draught: Draught) => {
      const { weight, bytes } = transactionOf(ledger, random, draught);
      return weight - bytes.length;
    };
    assert.equal(dearer({ inputs: 1 }), 0);
    assert.ok(dearer(opening('one', 20)) >= 2_048, 'a refund');
    assert.ok(dearer(settling(alice, 'one', 20, 1n)) >= 2 * 2_048, 'earnings, and what is held back of them');
    const { maxBlockWeight } = TEST_PARAMETERS;
    assert.ok(duesPerBlock(TEST_PARAMETERS) >= Math.floor(maxBlockWeight / 2_048));
  });

  test('epoch payments wait like the rest; what is earned meanwhile belongs to the next epoch', () => {
    const ledger = trustingLedger(genesisOf({ ...NARROW, holdback: 0 }));
    growTo(ledger, 4);
    const serving = Array.from({ length: 5 }, (_, i) => signer(`node ${i}`));
    for (const node of serving) send(ledger, registering(node));
    const caps = serving.map(({ publicKey }) => ({ node: publicKey, cap: TORCH / 5n }));
    send(ledger, opening('session', 60, { caps }));
    for (const node of serving) send(ledger, settling(node, 'session', 60, TORCH / 10n));
    growTo(ledger, TEST_PARAMETERS.epochBlocks - 1);
    const first = grow(ledger).created.length;
    const late = serving.find(({ publicKey }) => nodes.bucket.get(ledger.state, publicKey)!.earned > 0n)!;
    const before = nodes.bucket.get(ledger.state, late.publicKey)!;
    const { reward, base } = workRecord.bucket.get(ledger.state, null)!;
    const result = send(ledger, settling(late, 'session', 60, TORCH / 5n));
    const node = nodes.bucket.get(ledger.state, late.publicKey)!;
    const paid = result.created.map(({ amount }) => Buffer.from(amount).readBigUInt64LE());
    assert.deepEqual([first, result.created.length], [3, 2]);
    assert.ok(paid.includes(before.earned + (reward * before.burned) / base));
    assert.equal(node.epoch, 2);
    assert.ok(node.earned > 0n);
  });
});

describe('a session key', () => {
  test('is good once: neither while its first escrow’s receipts count nor, with them, afterwards', () => {
    const ledger = ready();
    for (const node of [alice, bob]) send(ledger, registering(node));
    const caps = [{ node: alice.publicKey, cap: TORCH }];
    const session = signer('session');
    send(ledger, opening('session', 12, { caps }));
    send(ledger, settling(alice, 'session', 12, TORCH / 2n));
    const finals = [{ node: alice.publicKey, amount: TORCH }];
    const close = { escrow: session.publicKey, deadline: 12, finals, fee: FEE };
    send(ledger, { actions: [{ name: 'escrowClose', body: close }], signers: [session, alice] });
    refused(ledger, opening('session', 30, { caps }), /already been used/);
    growTo(ledger, 12 + TEST_PARAMETERS.settlementWindow - 1);
    refused(ledger, opening('session', 30, { caps }), /already been used/);
    growTo(ledger, 12 + TEST_PARAMETERS.settlementWindow);
    assert.equal(
      escrows.bucket.get(ledger.state, session.publicKey),
      undefined,
      'the mark is not kept for ever',
    );
    send(ledger, opening('session', 40, { caps }));
    refused(ledger, settling(alice, 'session', 12, TORCH / 2n), /another escrow of this session key/);
    refused(ledger, settling(alice, 'session', 12, TORCH), /another escrow of this session key/);
    // What was signed for the first and never sent.
    const unsent = [{ node: alice.publicKey, amount: TORCH / 2n }];
    const closing: Action = { name: 'escrowClose', body: { ...close, finals: unsent } };
    refused(ledger, { actions: [closing], signers: [session, alice] }, /another escrow of this session key/);
    const changes = [{ node: alice.publicKey, cap: 0n, consent: 1 as const }];
    const amended = { escrow: session.publicKey, deadline: 12, sequence: 0, changes, fee: 8_000n };
    const amending: Action = { name: 'escrowAmend', body: amended };
    refused(ledger, { actions: [amending], signers: [session, alice] }, /another escrow of this session key/);
  });

  test('a crumb of an escrow is refused', () => {
    const ledger = ready();
    const { leastEscrow } = parametersOf(ledger.state);
    refused(ledger, opening('session', 20, { value: leastEscrow - 1n }), /escrow is too small/);
    send(ledger, opening('session', 20, { value: leastEscrow }));
  });
});

describe('emission', () => {
  const founder = (name: string) => ({
    validator: signer(name).publicKey,
    owner: signer('owner').publicKey,
    payout: somebody,
    commission: 0,
    tokens: 10n * TORCH,
  });
  const two = [founder('a'), founder('b')];
  const pool = (ledger: Ledger) =>
    (emissionOf(supplyRecord.bucket.get(ledger.state, null)!.minted, TEST_PARAMETERS) * 4_000n) / 10_000n;
  const grown = (ledger: Ledger) =>
    two.map(({ validator, tokens }) => validators.bucket.get(ledger.state, validator)!.tokens - tokens);

  test('follows the power of every block of the epoch, not of its last', () => {
    const ledger = trustingLedger({ ...genesisOf(), validators: two });
    const powersAt = (height: number) => [
      { key: two[0]!.validator, power: 100 },
      ...(height > 15 ? [{ key: two[1]!.validator, power: 300 }] : []),
    ];
    const whole = pool(ledger);
    for (let height = 1; height <= TEST_PARAMETERS.epochBlocks; height++) {
      ledger.commit(ledger.apply({ height, transactions: [], powers: powersAt(height) }));
    }
    // 20 blocks of 100 and 5 blocks of 300.
    assert.deepEqual(grown(ledger), [(whole * 2_000n) / 3_500n, (whole * 1_500n) / 3_500n]);
  });

  test('whoever bonds for the last block of an epoch gets the part of a block', () => {
    const ledger = trustingLedger({ ...genesisOf(), validators: two });
    growTo(ledger, TEST_PARAMETERS.epochBlocks - 1);
    const whole = pool(ledger);
    const body = {
      validator: two[1]!.validator,
      delegator: signer('flash').publicKey,
      amount: 1_000n * TORCH,
    };
    const expected = (whole * 10n * 20n) / (10n * 20n + 10n * 20n + 1_000n);
    send(ledger, { inputs: 1, actions: [{ name: 'delegate', body }] });
    assert.equal(grown(ledger)[0], expected);
  });
});

describe('what is asked of all validators', () => {
  /** Counts the records that are read. */
  function counting(view: ReadView): { view: ReadView; reads: () => number } {
    let reads = 0;
    return {
      view: {
        get: (key) => {
          reads++;
          return view.get(key);
        },
        *range(range) {
          for (const entry of view.range(range)) {
            reads++;
            yield entry;
          }
        },
      },
      reads: () => reads,
    };
  }

  /** A state with so many validators that are gone, jailed, or below the least bond, beside three at work. */
  function stateWith(gone: number): Overlay {
    const view = new Overlay({ get: () => undefined, range: () => [] });
    parametersRecord.bucket.put(view, null, TEST_PARAMETERS);
    const put = (name: string, tokens: bigint, change = {}) => {
      const record = { owner: signer('owner').publicKey, payout: somebody, commission: 0, ...UNTRIED };
      putValidator(view, signer(name).publicKey, { ...record, tokens, shares: tokens, ...change });
    };
    for (let i = 0; i < gone; i++) {
      put(`small ${i}`, TORCH - 1n);
      put(`jailed ${i}`, 50n * TORCH, { jailedUntil: 9 });
      put(`out ${i}`, 50n * TORCH, { tombstoned: 1 });
    }
    for (const [i, name] of ['x', 'y', 'z'].entries()) put(name, BigInt(10 + i) * TORCH);
    return view;
  }

  test('costs by those at work, however many records there are', () => {
    const rules = { founders: [], genesisPower: 100, maxValidators: 2 };
    const costOf = (gone: number) => {
      const { view, reads } = counting(stateWith(gone));
      const powers = powerOf(view, rules);
      assert.deepEqual(
        powers.map(({ power }) => power).sort((p, q) => p - q),
        [11, 12],
      );
      stakeOf(view).bonded;
      return reads();
    };
    assert.equal(costOf(300), costOf(0));
  });

  test('and follows every change of a record', () => {
    const view = stateWith(2);
    assert.deepEqual(
      leading(view, 9).map(({ torch }) => torch),
      [12, 11, 10],
    );
    const id = signer('z').publicKey;
    const record = validators.bucket.get(view, id)!;
    putValidator(view, id, { ...record, tokens: 5n * TORCH });
    putValidator(view, signer('y').publicKey, { ...record, tokens: 5n * TORCH, jailedUntil: 3 });
    assert.deepEqual(
      leading(view, 9).map(({ torch }) => torch),
      [10, 5],
    );
    const all = [...validators.bucket.entries(view)].reduce((sum, [, { tokens }]) => sum + tokens, 0n);
    assert.equal(stakeOf(view).bonded, all);
  });
});

test('a delegation stays until its last withdrawal is paid, so that what was signed for it is good once', () => {
  const [validator, owner] = [signer('pool'), signer('pool owner')];
  const founding = {
    validator: validator.publicKey,
    owner: owner.publicKey,
    payout: somebody,
    commission: 0,
  };
  const ledger = trustingLedger({
    ...genesisOf({ ...TEST_PARAMETERS, validatorPart: 0 }),
    validators: [{ ...founding, tokens: 1_000n * TORCH }],
  });
  growTo(ledger, 4);
  const of = { validator: validator.publicKey, delegator: alice.publicKey };
  const delegating = {
    inputs: 1,
    actions: [{ name: 'delegate', body: { ...of, amount: 10n * TORCH } }],
  } as const;
  const leaving = (sequence: number): Draught => ({
    actions: [
      { name: 'undelegate', body: { ...of, shares: 5n * TORCH, refund: someRefund, sequence, fee: FEE } },
    ],
    signers: [alice],
    expiry: 500,
  });
  send(ledger, delegating);
  send(ledger, leaving(0));
  growTo(ledger, 5 + TEST_PARAMETERS.unbondingBlocks);
  const second = transactionOf(ledger, deterministic('second'), leaving(1));
  grow(ledger, second);
  const record = () => delegations.bucket.get(ledger.state, [of.validator, of.delegator]);
  growTo(ledger, ledger.head.height + 5);
  assert.equal(record()?.sequence, 2, 'the first is paid, the second is not');
  send(ledger, delegating);
  send(ledger, leaving(2));
  const again = ledger.execute({ height: ledger.head.height + 1, transactions: [second] }, () => true);
  assert.match(String(again.refusals[0]), /not the next one/);
  send(ledger, leaving(3));
  growTo(ledger, ledger.head.height + TEST_PARAMETERS.unbondingBlocks);
  assert.equal(record(), undefined);
});

test('a founder that votes without a bond is not removed by a stranger that delegates to it and leaves', () => {
  const [founder, owner] = [signer('founder'), signer('founder owner')];
  const founding = { validator: founder.publicKey, owner: owner.publicKey, payout: somebody, tokens: 0n };
  const ledger = trustingLedger({
    ...genesisOf({ ...TEST_PARAMETERS, validatorPart: 0 }),
    validators: [{ ...founding, commission: 10_000 }],
  });
  growTo(ledger, 4);
  /** Delegates to the founder, takes all of it back, and waits until it is paid. */
  const comeAndGo = (by: SigningKey) => {
    const of = { validator: founder.publicKey, delegator: by.publicKey };
    const [amount, refund] = [10n * TORCH, someRefund];
    send(ledger, { inputs: 1, actions: [{ name: 'delegate', body: { ...of, amount } }] });
    const body = { ...of, shares: amount, refund, sequence: 0, fee: FEE };
    send(ledger, { actions: [{ name: 'undelegate', body }], signers: [by] });
    growTo(ledger, ledger.head.height + TEST_PARAMETERS.unbondingBlocks);
    return validators.bucket.has(ledger.state, founder.publicKey);
  };
  assert.ok(comeAndGo(alice));
  const power = powerOf(ledger.state, { founders: [founder.publicKey], genesisPower: 10, maxValidators: 9 });
  assert.deepEqual(power, [{ key: founder.publicKey, power: 10 }]);
  assert.equal(comeAndGo(owner), false, 'unless its owner leaves');
});

test('a commission that waits in the queue twice is paid once, also when its validator has gone meanwhile', () => {
  const parameters = { ...TEST_PARAMETERS, maxBlockWeight: 4_200, epochBlocks: 1, unbondingBlocks: 8 };
  const many = Array.from({ length: 8 }, (_, i) => signer(`many ${i}`));
  const ledger = trustingLedger({
    ...genesisOf(parameters),
    validators: many.map(({ publicKey }) => ({
      validator: publicKey,
      owner: publicKey,
      payout: somebody,
      commission: 5_000,
      tokens: 1_000n * TORCH,
    })),
  });
  growTo(ledger, 2);
  for (const key of many.slice(0, 4)) {
    const of = { validator: key.publicKey, delegator: key.publicKey };
    const shares = delegations.bucket.get(ledger.state, [key.publicKey, key.publicKey])!.shares;
    const body = { ...of, shares, refund: someRefund, sequence: 0, fee: FEE };
    send(ledger, { actions: [{ name: 'undelegate', body }], signers: [key] });
  }
  growTo(ledger, 60);
  const gone = many.filter(({ publicKey }) => !validators.bucket.has(ledger.state, publicKey));
  assert.equal(gone.length, 4);
});
