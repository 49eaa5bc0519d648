import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { SigningKey } from '#crypto';
import { escrows, nodes, supplyRecord } from '../../../src/ledger/accounts/index.ts';
import type { Payee } from '../../../src/ledger/escrow/payee.ts';
import { signQuote, termsOf } from '../../../src/ledger/escrow/quote.ts';
import { type Receipt, signReceipt } from '../../../src/ledger/escrow/receipt.ts';
import { grow, growTo, signer, TEST_PARAMETERS } from '../../support/ledger/chain.ts';
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
  spare,
  TORCH,
  tail,
  tokens,
  work,
} from '../../support/ledger/escrow-session.ts';

const refusal = (message: RegExp) => ({ code: 'RECEIPT_INVALID', message });

suite('escrow', () => {
  test('the honest way: chunks, receipts, one settlement each, a close by agreement', () => {
    const { ledger, payer, payeeOf, send, settle } = ready();
    const payees = [head, middle, tail].map((node) => ({ node, payee: payeeOf(node) }));
    for (let chunk = 1; chunk <= 5; chunk++) {
      for (const { node, payee } of payees) {
        assert.ok(payee.mayServe);
        payee.deliver(tokens(chunk), work(chunk));
        payee.accept(payer.pay(node.publicKey, tokens(chunk), work(chunk)));
        assert.equal(payee.exposure, 0n);
      }
    }
    settle(payees[0]!.payee, head);
    assert.equal(payees[0]!.payee.claim(), undefined, 'nothing is left to claim');
    const { body, signers } = payer.closing(2n * FEE);
    assert.ok(payees.every(({ payee }) => payee.agreesTo(closing(body))));
    assert.deepEqual(
      signers,
      [head, middle, tail].map(({ publicKey }) => publicKey),
    );
    const { created } = send({
      actions: [{ name: 'escrowClose', body }],
      signers: [session, head, middle, tail],
    });
    assert.equal(Buffer.from(created[0]!.amount).readBigUInt64LE(), 11n * TORCH - 15n * PRICE - 2n * FEE);
    const earned = (key: SigningKey) => nodes.bucket.get(ledger.state, key.publicKey)!.earned;
    assert.equal(earned(middle), (5n * PRICE * 98n) / 100n);
    assert.equal(earned(head), earned(middle) - FEE);
  });

  test('fraud: the client stops paying, and gets no more for nothing than the exposure and one chunk', () => {
    const { payeeOf } = ready();
    const payee = payeeOf(head);
    payee.deliver(tokens(1), work(1));
    assert.ok(payee.mayServe, 'the first chunk may be unpaid');
    payee.deliver(tokens(2), work(2));
    assert.ok(!payee.mayServe);
    assert.equal(payee.exposure, 2n * PRICE);
  });

  test('fraud: the node stalls, and is paid for nothing that it did not deliver', () => {
    const { payer, payeeOf } = ready();
    const payee = payeeOf(head);
    payee.deliver(tokens(1), work(1));
    payee.accept(payer.pay(head.publicKey, tokens(1), work(1)));
    assert.equal(payee.paid, PRICE);
    assert.throws(() => payer.pay(head.publicKey, tokens(0), work(0)), { code: 'ESCROW_USAGE' });
    assert.equal(payee.claim()?.amount, PRICE);
  });

  test('fraud: the node hands in an old receipt, to its own loss only', () => {
    const { ledger, payer, payeeOf, settle } = ready();
    const payee = payeeOf(head);
    payee.deliver(tokens(1), work(1));
    payee.accept(payer.pay(head.publicKey, tokens(1), work(1)));
    settle(payee, head);
    payee.deliver(tokens(2), work(2));
    payee.accept(payer.pay(head.publicKey, tokens(2), work(2)));
    settle(payee, head);
    assert.equal(escrows.bucket.get(ledger.state, session.publicKey)?.balance, 10n * TORCH - 2n * PRICE);
  });

  test('fraud: the client signs two receipts with one number; the higher can be settled, the cap bounds both', () => {
    const { payeeOf, settle, ledger } = ready();
    const statement = {
      chainId: TEST_PARAMETERS.chainId,
      escrow: session.publicKey,
      node: head.publicKey,
      deadline: 40,
      sequence: 1,
      ...tokens(1),
      transcript: work(1),
    };
    const [low, high] = [PRICE, 2n * PRICE].map((amount) => signReceipt({ ...statement, amount }, session));
    for (const receipt of [low, high]) {
      const payee = payeeOf(head, `with ${receipt!.statement.amount}`);
      payee.deliver(tokens(1), work(1));
      payee.accept(receipt!);
      settle(payee, head);
    }
    assert.equal(escrows.bucket.get(ledger.state, session.publicKey)?.balance, 10n * TORCH - 2n * PRICE);
    const payee = payeeOf(head);
    payee.deliver(tokens(1), work(1));
    const over = signReceipt({ ...statement, amount: 3n * TORCH + 1n }, session);
    assert.throws(() => payee.accept(over), refusal(/over the cap/));
  });

  test('fraud: the client closes early; no node is left out, and the window lets all settle', () => {
    const { ledger, payer, payeeOf, send, settle } = ready();
    const payee = payeeOf(tail);
    payee.deliver(tokens(1), work(1));
    payee.accept(payer.pay(tail.publicKey, tokens(1), work(1)));
    const body = { escrow: session.publicKey, deadline: 40, finals: [], fee: FEE };
    const close = (...signers: SigningKey[]) => send({ actions: [{ name: 'escrowClose', body }], signers });
    assert.throws(() => close(session), /number of signatures/);
    assert.throws(() => close(session, head, middle), /number of signatures/);
    growTo(ledger, 40 + TEST_PARAMETERS.settlementWindow - 2);
    settle(payee, tail);
    assert.equal(escrows.bucket.get(ledger.state, session.publicKey)?.balance, 10n * TORCH - PRICE);
    const { created } = grow(ledger);
    assert.equal(Buffer.from(created[0]!.amount).readBigUInt64LE(), 11n * TORCH - PRICE);
  });

  test('fraud: the node makes up usage; without the session key it cannot', () => {
    const { payeeOf, settle, payer } = ready();
    const payee = payeeOf(head);
    payee.deliver(tokens(1), work(1));
    payee.accept(payer.pay(head.publicKey, tokens(1), work(1)));
    const claim = payee.claim()!;
    const forged = { claim: () => ({ ...claim, amount: 2n * PRICE }) } as unknown as Payee;
    assert.throws(() => settle(forged, head), /not signed by its session key/);
    assert.throws(() => settle(payee, middle), /not signed by its session key/);
  });

  test('fraud: receipts of another network, escrow, node, for other work or below the price are refused', () => {
    const { payer, payeeOf } = ready();
    const payee = payeeOf(head);
    payee.deliver(tokens(1), work(1));
    const good = payer.pay(head.publicKey, tokens(1), work(1));
    const other = (change: Partial<Receipt['statement']>, by = session) =>
      signReceipt({ ...good.statement, ...change }, by);
    const cases: [Receipt, RegExp][] = [
      [other({ chainId: new Uint8Array(32).fill(1) }), /another network/],
      [other({ escrow: signer('other').publicKey }, signer('other')), /another escrow/],
      [other({ node: tail.publicKey }), /another node/],
      [other({ deadline: 41 }), /its deadline is not/],
      [other({ tokensOut: 33 }), /match no unpaid chunk/],
      [other({ transcript: work(2) }), /its transcript is not/],
      [other({ amount: PRICE - 1n }), /less than the price/],
      [other({}, signer('other')), /not signed/],
    ];
    for (const [receipt, why] of cases) assert.throws(() => payee.accept(receipt), refusal(why));
    assert.equal(payee.paid, 0n);
    payee.accept(good);
    assert.throws(() => payee.accept(good), refusal(/older than the last/));
  });

  test('fraud: client and node collude for the work reward, and lose by it', () => {
    const { ledger, payer, payeeOf, settle } = ready();
    const payee = payeeOf(head);
    payee.deliver({ tokensIn: 0, tokensOut: 2_900 }, work(1));
    payee.accept(payer.pay(head.publicKey, { tokensIn: 0, tokensOut: 2_900 }, work(1)));
    settle(payee, head);
    const burned = nodes.bucket.get(ledger.state, head.publicKey)!.burned;
    const before = supplyRecord.bucket.get(ledger.state, null)!;
    const poolsOnly = (emission: bigint) => (emission * 3_000n) / 10_000n;
    growTo(ledger, 20);
    const after = supplyRecord.bucket.get(ledger.state, null)!;
    const rewarded =
      after.minted - before.minted - poolsOnly((TEST_PARAMETERS.supplyCap - before.minted) >> 11n);
    assert.ok(rewarded > 0n && rewarded < burned, `${rewarded} minted for ${burned} burned`);
  });

  test('a stage dies: a replacement is paid out of the reserve, at once and without it', () => {
    const { ledger, payer, payeeOf, send, settle, follow } = ready();
    assert.equal(payer.reserve, TORCH);
    assert.throws(() => payer.assign(quoteOf(spare), 2n * TORCH), { code: 'ESCROW_RESERVE' });
    payer.assign(quoteOf(spare), TORCH);
    send({
      actions: [{ name: 'escrowAmend', body: payer.amendment(spare.publicKey, LOW_FEE) }],
      signers: [session],
    });
    const payee = payeeOf(spare);
    payee.deliver(tokens(1), work(1));
    payee.accept(payer.pay(spare.publicKey, tokens(1), work(1)));
    settle(payee, spare);

    payer.release(middle.publicKey);
    send({
      actions: [{ name: 'escrowAmend', body: payer.amendment(middle.publicKey, LOW_FEE) }],
      signers: [session],
    });
    assert.equal(payer.reserve, 0n, 'the silence window is not over');
    assert.throws(() => payer.assign(quoteOf(spare), 2n * TORCH), { code: 'ESCROW_RESERVE' });
    growTo(ledger, ledger.head.height + TEST_PARAMETERS.silenceWindow);
    follow();
    assert.equal(payer.reserve, 3n * TORCH);
    payer.assign(quoteOf(spare), 2n * TORCH);
    send({
      actions: [{ name: 'escrowAmend', body: payer.amendment(spare.publicKey, LOW_FEE) }],
      signers: [session],
    });
    assert.equal(payer.reserve, 2n * TORCH);
  });

  test('griefing costs: a deposit to open, a fee out of it for each change of caps', () => {
    const { ledger, payer, send } = ready();
    payer.assign(quoteOf(spare), TORCH);
    const amend = () =>
      send({
        actions: [{ name: 'escrowAmend', body: payer.amendment(spare.publicKey, LOW_FEE) }],
        signers: [session],
      });
    amend();
    amend();
    assert.equal(escrows.bucket.get(ledger.state, session.publicKey)?.deposit, TORCH - 2n * LOW_FEE);
  });
});

test('a quote stands for its node until it expires', () => {
  const terms = quoteOf(head);
  assert.deepEqual(termsOf(signQuote(terms, head), 100), terms);
  assert.throws(() => termsOf(signQuote(terms, head), 101), { code: 'QUOTE_INVALID' });
  assert.throws(() => termsOf(signQuote(terms, tail), 1), { code: 'QUOTE_INVALID' });
});
