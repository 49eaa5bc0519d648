import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { utf8 } from '#base';
import type { SigningKey } from '#crypto';
import type { OneTime } from '../../../src/ledger/accounts/index.ts';
import { outputs } from '../../../src/ledger/buckets.ts';
import { Mempool } from '../../../src/ledger/mempool.ts';
import { leastFee } from '../../../src/ledger/state/apply.ts';
import { parseAddress } from '../../../src/ledger/wallet/address.ts';
import { localChain } from '../../../src/ledger/wallet/local-chain.ts';
import { deriveOneTime } from '../../../src/ledger/wallet/one-time.ts';
import { formatPaymentProof, parsePaymentProof, verifyPayment } from '../../../src/ledger/wallet/proof.ts';
import { entropyOf, wordsOf } from '../../../src/ledger/wallet/seed.ts';
import { formatViewKey, parseViewKey } from '../../../src/ledger/wallet/view-key.ts';
import { Wallet } from '../../../src/ledger/wallet/wallet.ts';
import { send } from '../../support/ledger/acting.ts';
import { curve, grow, growTo, signer, somebody, TEST_PARAMETERS } from '../../support/ledger/chain.ts';
import { chainOf, OPTIONS, realLedger, walletOf } from '../../support/ledger/wallets.ts';

const TORCH = 1_000_000_000n;
const CHEAP = { passes: 1, memoryKiB: 64 };
const alice = walletOf('alice');
const ledger = realLedger([alice.address()]);
const onLedger = chainOf(ledger);

test('a transfer: planned fee, proofs that verify, both sides see it, the payment can be proved', async () => {
  const bob = walletOf('bob');
  const rent = bob.addSubaddress('rent');
  await alice.scan(onLedger);
  assert.deepEqual(alice.balance(), { unlocked: 20_000n * TORCH, locked: 0n });

  const payments = [
    { to: parseAddress(bob.addressText(rent), OPTIONS.network, curve), amount: 1_500n * TORCH },
  ];
  const plan = await alice.plan({ payments }, onLedger);
  const transaction = await alice.sign(plan, onLedger);
  assert.equal(transaction.weight, plan.weight);
  assert.equal(transaction.body.inputs.length, 2);
  assert.equal(transaction.body.fee, plan.fee);
  assert.equal(plan.fee, leastFee(ledger.state, transaction) * 2n);
  assert.ok(transaction.bytes.length <= 2_300, `2 inputs, 2 outputs: ${transaction.bytes.length} bytes`);
  assert.deepEqual(alice.balance(), {
    unlocked: 18_000n * TORCH,
    locked: 500n * TORCH - plan.fee,
  });

  const pool = new Mempool(ledger);
  pool.add(transaction.bytes);
  grow(ledger, ...pool.select());
  pool.prune();
  assert.equal(pool.size, 0);
  await alice.scan(onLedger);
  await bob.scan(onLedger);
  assert.deepEqual(bob.balance(), { unlocked: 0n, locked: 1_500n * TORCH });
  assert.deepEqual(alice.balance(), {
    unlocked: 18_000n * TORCH,
    locked: 500n * TORCH - plan.fee,
  });
  growTo(ledger, ledger.head.height + TEST_PARAMETERS.maturity);
  await alice.scan(onLedger);
  await bob.scan(onLedger);
  assert.equal(alice.balance().unlocked, 18_500n * TORCH - plan.fee);
  assert.equal(bob.balance().unlocked, 1_500n * TORCH);
  assert.deepEqual(bob.history(), [
    { kind: 'received', height: 5, change: 1_500n * TORCH, subaddress: rent, output: bob.owned[0]!.number },
  ]);
  const [last] = alice.history().slice(-1);
  assert.deepEqual(last, {
    kind: 'sent',
    height: 5,
    change: -1_500n * TORCH - plan.fee,
    id: transaction.hashes.id,
    fee: plan.fee,
  });

  const proof = await alice.proveSent(transaction.hashes.id, 0, utf8('invoice 7'), onLedger);
  assert.equal(proof.number, bob.owned[0]!.number);
  assert.deepEqual(parsePaymentProof(formatPaymentProof(proof)), proof);
  const output = outputs.get(ledger.state, bob.owned[0]!.number)!;
  const paid = (to = payments[0]!.to, words = 'invoice 7', evidence = proof) =>
    verifyPayment({ ...evidence, to }, output, utf8(words), curve);
  assert.equal(paid(), 1_500n * TORCH);
  assert.equal(paid(bob.address()), undefined);
  assert.equal(paid(payments[0]!.to, 'invoice 8'), undefined);
  assert.equal(paid(payments[0]!.to, 'invoice 7', { ...proof, response: proof.challenge }), undefined);
  const received = await bob.proveReceived(bob.owned[0]!.number, utf8('invoice 7'), onLedger);
  assert.equal(paid(payments[0]!.to, 'invoice 7', received), 1_500n * TORCH);
  assert.equal(paid(payments[0]!.to, 'invoice 7', { ...received, by: 0 }), undefined);
  assert.equal(paid(bob.address(), 'invoice 7', received), undefined);
  const unknown = { code: 'PAYMENT_UNKNOWN' };
  await assert.rejects(alice.proveSent(transaction.hashes.id, 5, utf8(''), onLedger), unknown);
  await assert.rejects(alice.proveReceived(bob.owned[0]!.number, utf8(''), onLedger), unknown);
});

test('a wallet comes back from its words, and a view-only one sees what comes in', async () => {
  const again = Wallet.restore(alice.words!, OPTIONS);
  await again.scan(onLedger);
  assert.deepEqual(again.balance(), alice.balance());
  const watching = Wallet.viewOnly(parseViewKey(formatViewKey(alice.viewKey), curve), OPTIONS);
  assert.ok(watching.viewOnly);
  await watching.scan(onLedger);
  assert.equal(watching.owned.length, again.owned.length);
  assert.equal(watching.words, undefined);
  const plan = await watching.plan({ payments: [] }, onLedger);
  await assert.rejects(watching.sign(plan, onLedger), {
    code: 'WALLET_VIEW_ONLY',
  });
  const late = Wallet.restore(alice.words!, { ...OPTIONS, restoreHeight: 5 });
  await late.scan(onLedger);
  assert.equal(late.owned.length, 1, 'only the change of the block at 5');
});

test('a block to look from that the chain has not reached is refused, and looking at everything begins at 0', async () => {
  const late = Wallet.restore(alice.words!, { ...OPTIONS, restoreHeight: 99_999_999 });
  await assert.rejects(late.scan(onLedger), {
    code: 'CHAIN_BEHIND',
    message: /from block 99999999, .*rescan/,
  });
  assert.equal(late.height, 0);
  late.forgetFinds();
  await late.scan(onLedger);
  assert.deepEqual(late.balance(), alice.balance());
});

test('several recipients, actions with deposits, and a sweep are accepted by the ledger', async () => {
  const [carol, dave] = [walletOf('carol'), walletOf('dave')];
  const chain = realLedger([carol.address()], 17);
  const onChain = chainOf(chain);
  await carol.scan(onChain);
  const many = Array.from({ length: 3 }, () => ({ to: dave.address(), amount: TORCH }));
  const wide = await carol.plan({ payments: many, tier: 'low' }, onChain);
  const first = await carol.sign(wide, onChain);
  assert.equal(first.weight, wide.weight);
  const [validator, owner] = [signer('v'), signer('o')];
  const keys = { validator: validator.publicKey, owner: owner.publicKey };
  const bond = {
    name: 'bond',
    body: { ...keys, payout: somebody, commission: 0, amount: 50n * TORCH },
  } as const;
  const bonding = await carol.plan({ payments: [], actions: [bond], signatures: 2 }, onChain);
  const second = await carol.sign(bonding, onChain, [validator, owner]);
  assert.equal(second.weight, bonding.weight);
  grow(chain, first, second);
  growTo(chain, chain.head.height + TEST_PARAMETERS.maturity);
  await carol.scan(onChain);
  await dave.scan(onChain);
  assert.equal(dave.balance().unlocked, 3n * TORCH);
  const before = carol.balance().unlocked;
  assert.equal(before, 17_000n * TORCH - 53n * TORCH - wide.fee - bonding.fee);

  const [sweep] = await carol.planSweep(dave.address(), onChain);
  grow(chain, await carol.sign(sweep!, onChain));
  await carol.scan(onChain);
  await dave.scan(onChain);
  assert.deepEqual(carol.balance(), { unlocked: 0n, locked: 0n });
  assert.equal(dave.balance().locked, before - sweep!.fee);
  await assert.rejects(carol.plan({ payments: [{ to: dave.address(), amount: 1n }] }, onChain), {
    code: 'FUNDS_INSUFFICIENT',
  });
});

test('an escrow is opened out of a wallet, and what is left of it comes back, privately spendable', async () => {
  const frank = walletOf('frank');
  const chain = realLedger([frank.address()], 17);
  const onChain = chainOf(chain);
  await frank.scan(onChain);
  const session = signer('frank session');
  const refund = deriveOneTime(frank.address(frank.addSubaddress('refunds')), session.publicKey, curve);
  const terms = {
    escrow: session.publicKey,
    value: 20n * TORCH,
    deposit: 2n * TORCH,
    deadline: 6,
    refund,
    caps: [],
  };
  const order = { payments: [], actions: [{ name: 'escrowOpen', body: terms } as const], signatures: 1 };
  const plan = await frank.plan(order, onChain);
  grow(chain, await frank.sign(plan, onChain, [session]));
  await frank.scan(onChain);
  const { unlocked, locked } = frank.balance();
  assert.equal(unlocked + locked, 17_000n * TORCH - 22n * TORCH - plan.fee);
  growTo(chain, terms.deadline + TEST_PARAMETERS.settlementWindow + TEST_PARAMETERS.mintMaturity);
  await frank.scan(onChain);
  assert.equal(frank.balance().unlocked, 17_000n * TORCH - plan.fee);
  const [back] = frank.owned.slice(-1);
  assert.equal(back!.amount, 22n * TORCH);
  grow(chain, await frank.sign((await frank.planSweep(somebody, onChain))[0]!, onChain));
});

test('a refund that is copied, paid and spent first costs nobody the refund that it was copied from', async () => {
  const [victim, thief] = [walletOf('victim'), walletOf('copying thief')];
  const chain = realLedger([victim.address(), thief.address()], 17);
  const onChain = chainOf(chain);
  const open = async (wallet: Wallet, session: SigningKey, value: bigint, refund: OneTime) => {
    await wallet.scan(onChain);
    const escrow = session.publicKey;
    const terms = { escrow, value, deposit: value / 10n, deadline: chain.head.height + 30, refund, caps: [] };
    const order = { payments: [], actions: [{ name: 'escrowOpen', body: terms } as const], signatures: 1 };
    grow(chain, await wallet.sign(await wallet.plan(order, onChain), onChain, [session]));
    return terms;
  };
  const [own, others] = [signer('victim session'), signer('thief session')];
  const refund = deriveOneTime(victim.address(), own.publicKey, curve);
  const { deadline } = await open(victim, own, 1_000n * TORCH, refund);
  const copied = await open(thief, others, TORCH, refund);
  const close = { escrow: others.publicKey, deadline: copied.deadline, finals: [], fee: 100_000n };
  send(chain, { actions: [{ name: 'escrowClose', body: close }], signers: [others] });
  growTo(chain, chain.head.height + TEST_PARAMETERS.mintMaturity + 1);
  await victim.scan(onChain);
  // Everything that the wallet holds is spent, before the refund comes.
  for (const plan of await victim.planSweep(victim.address(), onChain))
    grow(chain, await victim.sign(plan, onChain));
  growTo(chain, deadline + TEST_PARAMETERS.settlementWindow + TEST_PARAMETERS.mintMaturity + 1);
  await victim.scan(onChain);
  assert.ok(victim.owned.some(({ amount, spentAt }) => amount === 1_100n * TORCH && spentAt === 0));
  for (const plan of await victim.planSweep(somebody, onChain)) grow(chain, await victim.sign(plan, onChain));
});

test('a transfer that every node has forgotten is handed in again, until a block holds it', async () => {
  const grace = walletOf('grace');
  const chain = realLedger([grace.address()], 17);
  const pool = new Mempool(chain);
  const onChain = localChain(chain, (bytes) => pool.add(bytes));
  await grace.scan(onChain);
  const plan = await grace.plan({ payments: [{ to: somebody, amount: TORCH }] }, onChain);
  const transaction = await grace.sign(plan, onChain);
  await grace.remind(onChain);
  assert.ok(pool.has(Mempool.idOf(transaction.bytes)));
  await grace.remind(onChain);
  assert.equal(pool.size, 1);
  grow(chain, transaction);
  await grace.scan(onChain);
  assert.deepEqual(
    grace.sent.map(({ height, bytes }) => [height > 0, bytes.length]),
    [[true, 0]],
  );
});

test('a transfer that expires gives its inputs back', async () => {
  const eve = walletOf('eve');
  const chain = realLedger([eve.address()], 17);
  const onChain = chainOf(chain);
  await eve.scan(onChain);
  const all = eve.balance();
  const plan = { ...(await eve.plan({ payments: [{ to: somebody, amount: TORCH }] }, onChain)), expiry: 6 };
  await eve.sign(plan, onChain);
  assert.notDeepEqual(eve.balance(), all);
  growTo(chain, 6);
  await eve.scan(onChain);
  assert.deepEqual(eve.balance(), all);
  assert.deepEqual(eve.history().filter(({ kind }) => kind === 'expired').length, 1);
});

test('the file: encrypted, replaced as a whole, untouched by a wrong password', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'bitorch-wallet-'));
  const path = join(directory, 'wallet');
  await alice.save(path, 'secret', CHEAP);
  const bytes = await readFile(path);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.ok(!bytes.includes(Buffer.from(entropyOf(alice.words!))), 'the seed lies open in the file');
  await assert.rejects(Wallet.open(path, 'wrong', OPTIONS), { code: 'PASSWORD_WRONG' });
  assert.deepEqual(await readFile(path), bytes);
  const again = await Wallet.open(path, 'secret', OPTIONS);
  assert.deepEqual(again.balance(), alice.balance());
  assert.deepEqual(again.history(), alice.history());
  const elsewhere = Wallet.restore(alice.words!, { ...OPTIONS, network: Uint8Array.of(1, 2, 3, 4) });
  await assert.rejects(elsewhere.scan(onLedger), { code: 'WALLET_NETWORK' });
  await assert.rejects(Wallet.open(`${path}2`, 'secret', OPTIONS), { code: 'WALLET_MISSING' });
  await writeFile(path, bytes.subarray(0, bytes.length - 1));
  await assert.rejects(Wallet.open(path, 'secret', OPTIONS), { code: 'PASSWORD_WRONG' });
  await rm(directory, { recursive: true });
});

test('words: 24, checked; addresses: checked against typing errors and other networks', () => {
  const words = wordsOf(new Uint8Array(32).fill(1));
  assert.deepEqual(entropyOf(`  ${words.toUpperCase()}  `), new Uint8Array(32).fill(1));
  const list = words.split(' ');
  assert.throws(() => entropyOf(list.slice(1).join(' ')), {
    code: 'WORDS_INVALID',
    message: /24 are needed/,
  });
  assert.throws(() => entropyOf([...list.slice(1), 'bitorch'].join(' ')), {
    message: /word 24, "bitorch", is not in the list/,
  });
  assert.throws(() => entropyOf([...list.slice(1), 'zoo'].join(' ')), { message: /does not fit/ });

  const text = alice.addressText();
  assert.deepEqual(parseAddress(text, OPTIONS.network, curve), alice.address());
  assert.deepEqual(parseAddress(text.toUpperCase(), OPTIONS.network, curve), alice.address());
  for (const at of [0, 6, 40, text.length - 1]) {
    const wrong = text.slice(0, at) + (text[at] === 'q' ? 'p' : 'q') + text.slice(at + 1);
    assert.throws(() => parseAddress(wrong, OPTIONS.network, curve), { code: 'ADDRESS_INVALID' });
  }
  assert.throws(() => parseAddress(text, Uint8Array.of(0, 0, 0, 1), curve), { message: /another network/ });
  assert.throws(() => parseAddress('torch1', OPTIONS.network, curve), { code: 'ADDRESS_INVALID' });
});
