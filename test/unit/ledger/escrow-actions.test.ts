import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '#base';
import { escrows, nodes, reserve } from '../../../src/ledger/accounts/index.ts';
import { DUE_WEIGHT, RECORD_WEIGHT } from '../../../src/ledger/constants.ts';
import { signReceipt } from '../../../src/ledger/escrow/receipt.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { Mempool } from '../../../src/ledger/mempool.ts';
import {
  alice,
  bob,
  carol,
  FEE,
  LOW_FEE,
  ready,
  refused,
  registering,
  send,
  TORCH,
} from '../../support/ledger/acting.ts';
import {
  type Draught,
  deterministic,
  grow,
  growTo,
  signer,
  someRefund,
  TEST_PARAMETERS,
  transactionOf,
} from '../../support/ledger/chain.ts';

const owner = signer('owner');
const session = signer('session');
const DEADLINE = 30;

function withEscrow(): Ledger {
  const ledger = ready();
  for (const node of [alice, bob, carol]) send(ledger, registering(node));
  refused(ledger, opening({ deposit: 1n }), /deposit is too small/);
  refused(ledger, opening({ caps: [{ node: alice.publicKey, cap: 11n * TORCH }] }), /caps are more/);
  const twice = { node: alice.publicKey, cap: TORCH };
  refused(ledger, opening({ caps: [twice, twice] }), /two caps/);
  refused(ledger, opening({ caps: [{ node: owner.publicKey, cap: 1n }] }), /not registered/);
  refused(ledger, opening({ deadline: 2 }), /the deadline is not a height that an escrow can have/);
  send(ledger, opening());
  refused(ledger, opening(), /already been used/);
  return ledger;
}

const opening = (change = {}): Draught => ({
  inputs: 1,
  actions: [
    {
      name: 'escrowOpen',
      body: {
        escrow: session.publicKey,
        value: 10n * TORCH,
        deposit: TORCH,
        deadline: DEADLINE,
        refund: someRefund,
        caps: [
          { node: alice.publicKey, cap: 4n * TORCH },
          { node: bob.publicKey, cap: 4n * TORCH },
        ],
        ...change,
      },
    },
  ],
  signers: [session],
});

const claim = (amount: bigint, node = alice, by = session) => {
  const statement = {
    chainId: TEST_PARAMETERS.chainId,
    escrow: session.publicKey,
    node: node.publicKey,
    deadline: DEADLINE,
    sequence: 1,
    tokensIn: 10,
    tokensOut: 20,
    amount,
    transcript: new Uint8Array(32),
  };
  const { chainId: _, node: __, ...rest } = statement;
  return { ...rest, signature: signReceipt(statement, by).signature };
};

const settling = (claims: ReturnType<typeof claim>[], node = alice): Draught => ({
  actions: [{ name: 'escrowSettle', body: { node: node.publicKey, claims, fee: FEE } }],
  signers: [node],
});

test('a false receipt is held against its sender, whose claim pays for each escrow that it rewrites', () => {
  const ledger = withEscrow();
  const pool = new Mempool(ledger);
  const random = deterministic('false receipt');
  const add = (claims: ReturnType<typeof claim>[]) =>
    pool.add(transactionOf(ledger, random, settling(claims)).bytes);
  const good = claim(TORCH);
  assert.throws(() => add([{ ...good, amount: 2n * TORCH }]), { code: 'PROOFS_INVALID' });
  assert.throws(() => add([{ ...good, deadline: DEADLINE + 1 }]), { code: 'TRANSACTION_INVALID' });
  const { weight, bytes } = add([good]);
  assert.equal(weight, bytes.length + RECORD_WEIGHT + 2 * DUE_WEIGHT);
});

const amending = (
  sequence: number,
  changes: { node: Uint8Array; cap: bigint; consent: 0 | 1 }[],
  ...consenting: ReturnType<typeof signer>[]
): Draught => ({
  actions: [
    {
      name: 'escrowAmend',
      body: { escrow: session.publicKey, deadline: DEADLINE, sequence, changes, fee: LOW_FEE },
    },
  ],
  signers: [session, ...consenting],
});

const closing = (
  finals: { node: Uint8Array; amount: bigint }[],
  ...nodesSigning: ReturnType<typeof signer>[]
) => ({
  actions: [
    {
      name: 'escrowClose',
      body: { escrow: session.publicKey, deadline: DEADLINE, finals, fee: FEE },
    } as const,
  ],
  signers: [session, ...nodesSigning],
});

const escrowIn = (ledger: Ledger) => escrows.bucket.get(ledger.state, session.publicKey)!;

test('settling: cumulative, signed, capped, and paid at the end of the epoch less what is burned and held back', () => {
  const ledger = withEscrow();
  refused(ledger, settling([claim(TORCH, alice, bob)]), /not signed by its session key/);
  refused(ledger, settling([claim(TORCH, bob)]), /not signed by its session key/);
  refused(ledger, settling([claim(5n * TORCH)]), /over the cap/);
  refused(ledger, settling([claim(TORCH, carol)], carol), /no cap for the node/);
  refused(ledger, { ...settling([claim(TORCH)]), signers: [bob] }, /signature is wrong/);
  send(ledger, settling([claim(TORCH)]));
  refused(ledger, settling([claim(TORCH)]), /adds nothing/);
  refused(ledger, settling([claim(TORCH - 1n)]), /adds nothing/);
  send(ledger, settling([claim(3n * TORCH)]));
  const burned = (3n * TORCH * 200n) / 10_000n;
  const earned = 3n * TORCH - burned - 2n * FEE;
  assert.equal(nodes.bucket.get(ledger.state, alice.publicKey)?.earned, earned);
  assert.equal(escrowIn(ledger).balance, 7n * TORCH);
  growTo(ledger, TEST_PARAMETERS.epochBlocks - 1);
  const { created } = grow(ledger);
  const income = earned + (burned * 9_000n) / 10_000n;
  const held = income / 10n;
  assert.equal(Buffer.from(created[0]!.amount).readBigUInt64LE(), income - held);
  assert.deepEqual(nodes.bucket.get(ledger.state, alice.publicKey)?.held, [{ epoch: 3, amount: held }]);
  growTo(ledger, 3 * TEST_PARAMETERS.epochBlocks - 1);
  assert.equal(Buffer.from(grow(ledger).created[0]!.amount).readBigUInt64LE(), held);
});

test('the reserve: a replacement joins without the dead stage, whose cap falls after the silence window', () => {
  const ledger = withEscrow();
  assert.equal(reserve(escrowIn(ledger), ledger.head.height), 2n * TORCH);
  refused(
    ledger,
    amending(0, [{ node: carol.publicKey, cap: 3n * TORCH, consent: 0 }]),
    /more than the balance/,
  );
  send(ledger, amending(0, [{ node: carol.publicKey, cap: 2n * TORCH, consent: 0 }]));
  send(ledger, settling([claim(2n * TORCH, carol)], carol));

  send(ledger, amending(1, [{ node: alice.publicKey, cap: 0n, consent: 0 }]));
  const fallsAt = ledger.head.height + TEST_PARAMETERS.silenceWindow;
  assert.equal(reserve(escrowIn(ledger), ledger.head.height), 0n);
  // The one thought dead has a receipt after all, and is in time.
  send(ledger, settling([claim(TORCH)]));
  growTo(ledger, fallsAt);
  refused(ledger, settling([claim(2n * TORCH)]), /over the cap/);
  assert.equal(reserve(escrowIn(ledger), ledger.head.height), 3n * TORCH);
  refused(ledger, amending(2, [{ node: alice.publicKey, cap: 0n, consent: 0 }]), /below the settled amount/);
  refused(ledger, amending(1, [{ node: bob.publicKey, cap: 0n, consent: 0 }]), /not the next one/);
  refused(ledger, amending(2, [{ node: bob.publicKey, cap: 0n, consent: 1 }]), /number of signatures/);
  send(ledger, amending(2, [{ node: bob.publicKey, cap: 0n, consent: 1 }], bob));
  refused(ledger, settling([claim(1n, bob)], bob), /over the cap/);
});

test('closing by agreement refunds at once; without it the remainder comes back after the window', () => {
  const ledger = withEscrow();
  const finals = [{ node: alice.publicKey, amount: TORCH }];
  refused(ledger, closing(finals, alice), /number of signatures/);
  refused(
    ledger,
    closing([{ node: alice.publicKey, amount: 5n * TORCH }], alice, bob),
    /settled amount and the cap/,
  );
  const { created } = send(ledger, closing(finals, alice, bob));
  assert.equal(Buffer.from(created[0]!.amount).readBigUInt64LE(), 10n * TORCH - FEE);
  refused(ledger, opening({ deadline: 60 }), /already been used/);
  refused(ledger, settling([claim(2n * TORCH)]), /no such escrow/);
  assert.equal(nodes.bucket.get(ledger.state, alice.publicKey)?.earned, (TORCH * 98n) / 100n);

  const other = withEscrow();
  const end = escrowIn(other).deadline + TEST_PARAMETERS.settlementWindow;
  growTo(other, end - 1);
  send(other, settling([claim(TORCH)]));
  assert.equal(escrowIn(other), undefined);
});

test('signatures are looked at last: keys of a stranger’s own, good or bad, make no work', () => {
  const ledger = withEscrow();
  const strangers = Array.from({ length: 40 }, (_, i) => signer(`stranger ${i}`));
  const changes = strangers.map(({ publicKey }) => ({ node: publicKey, cap: 0n, consent: 1 as const }));
  // By others than the keys named: what the state says comes first.
  const badly = (sequence: number): Draught => {
    const body = { escrow: session.publicKey, deadline: DEADLINE, sequence, changes, fee: FEE };
    return { actions: [{ name: 'escrowAmend', body }], signers: Array.from({ length: 41 }, () => owner) };
  };
  refused(ledger, badly(0), /not registered/);
  refused(ledger, badly(7), /not the next one/);
  refused(ledger, { ...settling([claim(9n * TORCH, alice, bob)]), signers: [owner] }, /over the cap/);
  refused(ledger, { ...settling([claim(TORCH)]), signers: [owner] }, /signature is wrong/);
  const once = { node: alice.publicKey, cap: TORCH, consent: 1 as const };
  refused(ledger, amending(0, [once, once], alice, alice), /listed twice/);
});

test('a wrong signature by a key that the body names is held against the sender, a missing consent is not', () => {
  const ledger = withEscrow();
  const pool = new Mempool(ledger);
  const random = deterministic('forged');
  const codeFor = (draught: Draught): string => {
    try {
      pool.examine(transactionOf(ledger, random, draught).bytes);
      return 'none';
    } catch (error) {
      return codeOf(error);
    }
  };
  const raising = amending(0, [{ node: alice.publicKey, cap: 4n * TORCH, consent: 1 as const }], alice);
  assert.equal(codeFor(raising), 'none');
  assert.equal(codeFor({ ...raising, signers: [session, bob] }), 'PROOFS_INVALID');
  assert.equal(codeFor({ ...raising, signers: [bob, alice] }), 'PROOFS_INVALID');
  assert.equal(codeFor(closing([], alice, bob)), 'none');
  assert.equal(codeFor({ ...closing([], alice, bob), signers: [bob, alice, bob] }), 'PROOFS_INVALID');
  // Who could still claim something is for the ledger to say: for whoever sent it these may have been the right ones.
  assert.equal(codeFor(closing([], bob, alice)), 'TRANSACTION_INVALID');
  assert.equal(codeFor(closing([], alice)), 'TRANSACTION_INVALID');
});

test('a settlement has one receipt of an escrow: many good ones of one, and a false one, make no work', () => {
  const ledger = withEscrow();
  refused(ledger, settling([claim(TORCH), claim(2n * TORCH)]), /two receipts of one escrow/);
});
