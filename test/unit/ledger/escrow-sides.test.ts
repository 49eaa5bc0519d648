import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { BitorchError } from '#base';
import { escrows } from '../../../src/ledger/accounts/index.ts';
import type { EscrowJournal } from '../../../src/ledger/escrow/journal.ts';
import { Payee } from '../../../src/ledger/escrow/payee.ts';
import { Payer } from '../../../src/ledger/escrow/payer.ts';
import { fileJournal } from '../../../src/ledger/wallet/escrow-journal.ts';
import { growTo, TEST_PARAMETERS } from '../../support/ledger/chain.ts';
import {
  closing,
  FEE,
  head,
  LOW_FEE,
  middle,
  PRICE,
  quoteOf,
  ready,
  session,
  TORCH,
  tail,
  tokens,
  work,
} from '../../support/ledger/escrow-session.ts';

const refusal = (message: RegExp) => ({ code: 'RECEIPT_INVALID', message });

test('a cut that is pending is never overdrawn: the client signs no more, the node stops and settles in time', () => {
  const { ledger, payer, payeeOf, send, settle, follow } = ready();
  const payee = payeeOf(middle);
  payee.deliver(tokens(1), work(1));
  payee.accept(payer.pay(middle.publicKey, tokens(1), work(1)));
  assert.equal(payee.settleBy, 40 + TEST_PARAMETERS.settlementWindow - 1);
  const cut = { node: middle.publicKey, cap: 0n, consent: 0 as const };
  const body = { escrow: session.publicKey, deadline: 40, sequence: 0, changes: [cut], fee: LOW_FEE };
  send({ actions: [{ name: 'escrowAmend', body }], signers: [session] });
  assert.ok(!payee.mayServe);
  assert.throws(() => payer.pay(middle.publicKey, tokens(2), work(2)), { code: 'ESCROW_EXHAUSTED' });
  const by = payee.settleBy!;
  assert.equal(by, ledger.head.height + TEST_PARAMETERS.silenceWindow - 1);
  growTo(ledger, by - 1);
  follow();
  settle(payee, middle);
  assert.equal(ledger.head.height, by);
  assert.equal(payee.settleBy, undefined);
});

test('closing after a settlement pays the others what they were promised, and who settled more since nothing twice', () => {
  const { payer, payeeOf, send, settle } = ready();
  const payees = [head, middle].map((node) => ({ node, payee: payeeOf(node) }));
  for (const chunk of [1, 2]) {
    for (const { node, payee } of payees) {
      payee.deliver(tokens(chunk), work(chunk));
      payee.accept(payer.pay(node.publicKey, tokens(chunk), work(chunk)));
    }
    settle(payees[0]!.payee, head);
  }
  const { body } = payer.closing(FEE);
  assert.deepEqual(body.finals, [{ node: middle.publicKey, amount: 2n * PRICE }]);
  assert.ok(payees.every(({ payee }) => payee.agreesTo(closing(body))));
  const { payee } = payees[1]!;
  const whole = closing(body);
  const withdrawal = { name: 'nodeRegister' as const, body: { node: middle.publicKey } as never };
  for (const [why, bad] of Object.entries({
    'pays nothing': closing({ ...body, finals: [] }),
    'of another life of the session key': closing({ ...body, deadline: body.deadline + 1 }),
    'on another chain': { ...whole, chainId: new Uint8Array(32) },
    'with another action of the node': { ...whole, actions: [...whole.actions, withdrawal] },
    'no closing at all': { ...whole, actions: [withdrawal] },
  }))
    assert.ok(!payee.agreesTo(bad), why);
  send({ actions: [{ name: 'escrowClose', body }], signers: [session, head, middle, tail] });
});

test('after a crash the client signs on from its last receipt, and the node has it', () => {
  const { payer, payeeOf, restart, settle } = ready();
  const payee = payeeOf(head);
  for (const chunk of [1, 2, 3]) payee.deliver(tokens(chunk), work(chunk));
  payee.accept(payer.pay(head.publicKey, tokens(1), work(1)));
  const lost = payer.pay(head.publicKey, tokens(2), work(2));
  const again = restart();
  assert.equal(again.reserve, payer.reserve);
  assert.deepEqual(again.lastReceipt(head.publicKey), lost);
  assert.deepEqual(again.pay(head.publicKey, tokens(2), work(2)), lost, 'the same work, the same receipt');
  assert.throws(() => again.pay(head.publicKey, tokens(1), work(1)), { code: 'ESCROW_USAGE' });
  const next = again.pay(head.publicKey, tokens(3), work(3));
  assert.equal(next.statement.sequence, 3);
  payee.accept(next);
  const node = payeeOf(head);
  assert.deepEqual(node.lastReceipt, next);
  assert.equal(node.exposure, 0n);
  settle(node, head);
  assert.equal(node.claim(), undefined);
});

test('after a crash of the node no receipt is lost that was signed for what it has forgotten', () => {
  const { payer, payeeOf, settle } = ready();
  const before = payeeOf(head);
  for (const chunk of [1, 2, 3]) before.deliver(tokens(chunk), work(chunk));
  before.accept(payer.pay(head.publicKey, tokens(1), work(1)));
  const signed = payer.pay(head.publicKey, tokens(3), work(3));
  const node = payeeOf(head);
  assert.equal(node.paid, PRICE);
  node.accept(payer.lastReceipt(head.publicKey)!);
  assert.deepEqual([node.lastReceipt, node.paid, node.exposure], [signed, 3n * PRICE, 0n]);
  settle(node, head);
  node.deliver(tokens(4), work(4));
  node.accept(payer.pay(head.publicKey, tokens(4), work(4)));
  const stranger = payer.pay(head.publicKey, tokens(6), work(6));
  assert.throws(() => node.accept(stranger), refusal(/match no unpaid chunk/), 'it knows what it delivered');
});

test('a receipt that could not be kept is not given away, nor counted', () => {
  const { ledger, payer } = ready();
  const full: EscrowJournal = {
    read: () => undefined,
    write: () => {
      throw new BitorchError('DISK_FULL', 'no space');
    },
  };
  const options = { settlementWindow: TEST_PARAMETERS.settlementWindow, journal: full };
  const other = new Payee({ ...options, terms: quoteOf(head), escrow: session.publicKey });
  other.deliver(tokens(1), work(1));
  const good = payer.pay(head.publicKey, tokens(1), work(1));
  assert.throws(() => other.accept(good), refusal(/over the cap/), 'no cap is known of yet');
  other.follow(escrows.bucket.get(ledger.state, session.publicKey)!, ledger.head.height);
  assert.throws(() => other.accept(good), { code: 'DISK_FULL' });
  assert.equal(other.paid, 0n);
});

test('an escrow ends: no service after its deadline, no receipt that could not be settled', () => {
  const { ledger, payer, payeeOf, follow } = ready();
  const payee = payeeOf(head);
  growTo(ledger, 40);
  follow();
  assert.ok(!payee.mayServe);
  payer.pay(head.publicKey, tokens(1), work(1));
  growTo(ledger, 40 + TEST_PARAMETERS.settlementWindow - 1);
  follow();
  assert.throws(() => payer.pay(head.publicKey, tokens(2), work(2)), { code: 'ESCROW_ENDED' });
});

test('a journal in a file survives, and is refused when it is damaged or of another session', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'bitorch-escrow-'));
  const path = join(directory, 'sessions', 'one');
  const options = { value: 10n * TORCH, settlementWindow: 10, journal: fileJournal(path) };
  new Payer({ ...options, session }).assign(quoteOf(head), TORCH);
  assert.equal(new Payer({ ...options, session }).reserve, 9n * TORCH);
  assert.throws(() => new Payer({ ...options, session: head }), { code: 'ESCROW_JOURNAL' });
  await writeFile(path, (await readFile(path)).subarray(1));
  assert.throws(() => new Payer({ ...options, session }), { code: 'ESCROW_JOURNAL' });
  await rm(directory, { recursive: true });
});
