import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toHex, utf8 } from '#base';
import { type Equivocation, parametersOf } from '#ledger';
import { MemoryStore } from '#store';
import { formatGenesis } from '../../../src/consensus/application/genesis-text.ts';
import { makeTransaction } from '../../../src/ledger/transaction/transaction.ts';
import {
  begin,
  blockOf,
  finalize,
  follow,
  founders,
  grow,
  NAME,
  propose,
  START,
  TestChain,
  testGenesis,
} from '../../support/consensus/application.ts';
import { curve, deterministic, signer, transactionOf } from '../../support/ledger/chain.ts';
import { doubleVote } from '../../support/ledger/double-vote.ts';

const random = deterministic('application');
/** Verifies nothing. */
const NO_VERIFIER = {
  verify: async () => [],
  allHold: async () => true,
  evidenceHolds: async () => true,
  stop: async () => undefined,
};
const spend = (chain: TestChain, change = {}) =>
  transactionOf(chain.ledger, random, { inputs: 1, ...change });

async function ripe(): Promise<TestChain> {
  const chain = await TestChain.begun();
  for (let i = 0; i < 4; i++) await grow(chain);
  return chain;
}

describe('the beginning', () => {
  test('an empty application says so, and refuses everything but a genesis', async () => {
    const { application } = new TestChain();
    assert.deepEqual(await application.info(), { height: 0, appHash: new Uint8Array(0) });
    assert.equal((await application.checkTx({ bytes: utf8('x') })).code, 8);
    assert.equal((await application.query({ path: '/status', data: utf8('') })).code, 8);
    await assert.rejects(finalize(application, blockOf(1, founders[0]!, [])), { code: 'CHAIN_MISSING' });
  });

  test('a genesis gives the founders their power, twice the same, and survives a restart before the first block', async () => {
    const store = new MemoryStore();
    const first = await begin(new TestChain(founders[0], { store }).application);
    assert.deepEqual(
      first.validators,
      founders.map(({ publicKey }) => ({ key: publicKey, power: 100 })),
    );
    const again = new TestChain(founders[0], { store });
    assert.deepEqual(await again.application.info(), { height: 0, appHash: first.appHash });
    assert.deepEqual(await begin(again.application), first);
    await grow(again);
    await assert.rejects(begin(again.application), { code: 'GENESIS_MISMATCH' });
  });

  test('another genesis in the same store, or one that consensus disagrees with, is refused', async () => {
    const chain = await TestChain.begun();
    const other = testGenesis({ faucet: { entropy: new Uint8Array(32), outputs: 20, amount: 1n } });
    await assert.rejects(begin(chain.application, other), { code: 'GENESIS_MISMATCH' });
    const request = {
      chainId: NAME,
      genesis: utf8(formatGenesis(testGenesis())),
      time: START,
      initialHeight: 1,
    };
    for (const change of [{ chainId: 'another' }, { time: START + 1 }, { initialHeight: 2 }]) {
      await assert.rejects(new TestChain().application.initChain({ ...request, ...change }), {
        code: 'GENESIS_INVALID',
      });
    }
  });
});

describe('transactions on their way into a block', () => {
  test('what is good waits, is proposed best paid first, and is gone after its block', async () => {
    const chain = await ripe();
    const { application } = chain;
    const cheap = spend(chain, { fee: 1_000_000n });
    const dear = spend(chain, { fee: 2_000_000n });
    for (const { bytes } of [cheap, dear]) assert.equal((await application.checkTx({ bytes })).code, 0);
    const known = await application.checkTx({ bytes: dear.bytes, recheck: true });
    assert.equal(known.code, 0);
    assert.ok(known.priority > (await application.checkTx({ bytes: cheap.bytes })).priority);
    const { block, result } = await grow(chain);
    assert.deepEqual(block.transactions.slice(1), [dear.bytes, cheap.bytes]);
    assert.deepEqual(
      result.results.map(({ code }) => code),
      [0, 0, 0],
    );
    assert.equal((await application.checkTx({ bytes: dear.bytes })).code, 13);
    assert.equal((await propose(chain)).transactions.length, 1);
  });

  test('each refusal has its code', async () => {
    const chain = await ripe();
    const check = async (bytes: Uint8Array) => chain.application.checkTx({ bytes });
    const first = spend(chain);
    const rival = makeTransaction({ ...first.body, fee: first.body.fee + 1n }, first.proofs, curve);
    await check(first.bytes);
    for (const [bytes, code] of [
      [utf8('nonsense'), 1],
      [first.bytes.subarray(1), 1],
      [spend(chain, { fee: 1n }).bytes, 12],
      [rival.bytes, 4],
      [(await propose(chain)).transactions[0]!, 1],
    ] as const) {
      const checked = await check(bytes);
      assert.equal(checked.code, code, checked.log);
    }
  });

  test('a proposal takes what waits with the engine, keeps to the bytes and leaves out what conflicts', async () => {
    const chain = await ripe();
    const [a, b] = [spend(chain, { fee: 3_000_000n }), spend(chain, { fee: 4_000_000n })];
    const rival = makeTransaction({ ...a.body, fee: a.body.fee + 1n }, a.proofs, curve);
    const all = [a.bytes, b.bytes, rival.bytes, utf8('nonsense'), a.bytes];
    assert.deepEqual((await propose(chain, founders[0], all)).transactions.slice(1), [b.bytes, rival.bytes]);
    const tight = await chain.application.prepareProposal({
      height: 5,
      time: START,
      proposer: founders[0]!.publicKey,
      maxBytes: 81 + 5 + b.bytes.length + 5,
      transactions: all,
    });
    assert.deepEqual(tight.transactions.slice(1), [b.bytes]);
  });

  test('without the key of the proposer nothing is proposed', async () => {
    const chain = await TestChain.begun(founders[1]);
    await assert.rejects(propose(chain), { code: 'KEY_MISSING' });
  });
});

describe('proposals and decided blocks', () => {
  test('a proposal with anything wrong is refused; decided all the same, only what holds has an effect', async () => {
    const chain = await ripe();
    const good = spend(chain);
    const rival = makeTransaction({ ...good.body, fee: good.body.fee + 1n }, good.proofs, curve);
    const block = await propose(chain, founders[0], [good.bytes]);
    const beacon = block.transactions[0]!;
    const stale = (await propose(await TestChain.begun())).transactions[0]!;
    const foreign = (await propose(await ripeWith(1), founders[1])).transactions[0]!;
    const bad: [string, Uint8Array[], number[]][] = [
      ['empty', [], []],
      ['no beacon', [good.bytes], [3]],
      ['an old beacon', [stale, good.bytes], [3, 0]],
      ['the beacon of another validator', [foreign, good.bytes], [3, 0]],
      ['two beacons', [beacon, beacon, good.bytes], [0, 1, 0]],
      ['the beacon not first', [good.bytes, beacon], [3, 1]],
      ['twice the same', [beacon, good.bytes, good.bytes], [0, 0, 2]],
      ['a double spend', [beacon, good.bytes, rival.bytes], [0, 0, 2]],
      ['nonsense', [beacon, utf8('nonsense'), good.bytes], [0, 1, 0]],
    ];
    assert.ok(await chain.application.processProposal(block));
    for (const [what, transactions, codes] of bad) {
      const bent = { ...block, transactions };
      assert.equal(await chain.application.processProposal(bent), false, what);
      const { results } = await finalize(chain.application, bent);
      assert.deepEqual(
        results.map(({ code }) => code),
        codes,
        what,
      );
    }
    const { results } = await finalize(chain.application, block);
    assert.ok(results.every(({ code }) => code === 0));
  });

  test('evidence is verified in a thread, after the cheaper checks, and what is forged counts against its sender', async () => {
    const asked: Equivocation[] = [];
    let verdict = false;
    const evidenceHolds = async (evidence: Equivocation) => {
      asked.push(evidence);
      return verdict;
    };
    const chain = await TestChain.begun(founders[0], { verifier: { ...NO_VERIFIER, evidenceHolds } });
    await follow(chain.application, (await grow(await TestChain.begun())).block);
    const { chainId } = parametersOf(chain.store);
    const check = async (body: Equivocation) => {
      const { bytes } = transactionOf(chain.ledger, random, { actions: [{ name: 'evidence', body }] });
      return (await chain.application.checkTx({ bytes })).log;
    };
    const [good, old] = [1, 99].map((height) => doubleVote(chainId, founders[1]!, { height, round: 77 }));
    const unknown = doubleVote(chainId, signer('nobody'), { height: 1 });
    assert.match(await check(old!), /in the future or older/);
    assert.match(await check(unknown), /do not exist/);
    assert.equal(asked.length, 0);
    assert.match(await check(good!), /not signed by its validator/);
    assert.equal(chain.application.waiting.size, 0);
    verdict = true;
    await check(good!);
    assert.equal(chain.application.waiting.size, 1);
    assert.deepEqual(asked, [good, good]);
  });

  test('the signatures of evidence in a proposal are verified in a thread too, and before the pool’s', async () => {
    const asked: string[] = [];
    let verdict = false;
    const evidenceHolds = async (_: Equivocation, chainId: Uint8Array, of: string) => {
      asked.push(`${of} ${toHex(chainId)}`);
      return verdict;
    };
    const chain = await TestChain.begun(founders[0], { verifier: { ...NO_VERIFIER, evidenceHolds } });
    await follow(chain.application, (await grow(await TestChain.begun())).block);
    const { chainId } = parametersOf(chain.store);
    const vote = doubleVote(chainId, founders[1]!, { height: 1, round: 78 });
    const [one, other] = vote.votes;
    // Verified in this thread it would be refused, whatever the other thread says.
    const forged = { ...vote, votes: [{ ...one!, scalar: other!.scalar }, other!] };
    const outdated = doubleVote(chainId, founders[1]!, { height: 99, round: 78 });
    const [beacon] = (await propose(chain)).transactions;
    const isAccepted = (body: Equivocation) => {
      const { bytes } = transactionOf(chain.ledger, random, { actions: [{ name: 'evidence', body }] });
      return chain.application.processProposal(blockOf(2, founders[0]!, [beacon!, bytes]));
    };
    assert.equal(await isAccepted(outdated), false);
    assert.deepEqual(asked, []);
    assert.equal(await isAccepted(forged), false);
    verdict = true;
    assert.equal(await isAccepted(forged), true);
    assert.deepEqual(asked, Array(2).fill(`block ${toHex(chainId)}`));
  });

  test('no proof is verified of a block that is refused for anything cheaper', async () => {
    let asked = 0;
    const allHold = async () => {
      asked++;
      return true;
    };
    const verifier = { ...NO_VERIFIER, allHold };
    const chain = await TestChain.begun(founders[0], { verifier });
    const twin = await TestChain.begun();
    for (let i = 0; i < 4; i++) await follow(chain.application, (await grow(twin)).block);
    const [good, other] = [spend(chain), spend(chain)];
    const rival = makeTransaction({ ...good.body, fee: good.body.fee + 1n }, good.proofs, curve);
    const { maxBlockWeight } = parametersOf(chain.store);
    const heavy = Array.from({ length: Math.ceil(maxBlockWeight / good.weight) }, () => spend(chain).bytes);
    const bad: [string, Uint8Array[]][] = [
      ['too many bytes', [good.bytes, ...Array.from({ length: 17 }, () => new Uint8Array(65_000))]],
      ['too heavy', [good.bytes, ...heavy]],
      ['twice the same', [good.bytes, other.bytes, good.bytes]],
      ['a double spend', [good.bytes, other.bytes, rival.bytes]],
      ['no transaction', [good.bytes, utf8('nonsense')]],
      ['too low a fee', [good.bytes, spend(chain, { fee: 1n }).bytes]],
    ];
    const [beacon] = (await propose(chain)).transactions;
    for (const [what, transactions] of bad) {
      const block = blockOf(5, founders[0]!, [beacon!, ...transactions]);
      assert.equal(await chain.application.processProposal(block), false, what);
      assert.equal(asked, 0, what);
    }
    const block = blockOf(5, founders[0]!, [beacon!, good.bytes, other.bytes]);
    assert.equal(await chain.application.processProposal(block), true);
    assert.equal(asked, 1);
  });

  test('a proposal for another height is refused, a decided block of another height is an error', async () => {
    const chain = await TestChain.begun();
    const block = await propose(chain);
    for (const height of [0, 2]) {
      assert.equal(await chain.application.processProposal({ ...block, height }), false);
      await assert.rejects(finalize(chain.application, { ...block, height }), { code: 'HEIGHT_WRONG' });
    }
    await assert.rejects(chain.application.commit(), { code: 'HEIGHT_WRONG' });
  });

  test('a validator that consensus proves to have voted twice is out, and its power goes at once', async () => {
    const chain = await ripe();
    const offender = founders[2]!.publicKey;
    const block = {
      ...(await propose(chain)),
      misbehavior: [{ kind: 'duplicate-vote', validator: offender, height: 3 } as const],
    };
    const { validatorUpdates } = await finalize(chain.application, block);
    assert.deepEqual(validatorUpdates, [{ key: offender, power: 0 }]);
  });

  test('a crash between any two calls, and the blocks again: the same hashes', async () => {
    const live = await ripe();
    const blocks = [];
    for (let i = 0; i < 3; i++) blocks.push((await grow(live, [spend(live).bytes])).block);
    const hash = toHex((await live.application.info()).appHash);
    for (const crash of ['finalized', 'committed', 'processed', 'proposed'] as const) {
      const store = new MemoryStore();
      const reopen = () => new TestChain(founders[0], { store });
      await begin(reopen().application);
      for (let height = 1; height <= 4; height++) await grow(reopen());
      for (const block of blocks) {
        const before = reopen();
        if (crash === 'proposed') await propose(before);
        if (crash === 'processed') await before.application.processProposal(block);
        if (crash === 'finalized') await finalize(before.application, block);
        assert.equal((await reopen().application.info()).height, block.height - 1);
        await follow(reopen().application, block);
      }
      assert.equal(toHex((await reopen().application.info()).appHash), hash, crash);
    }
  });
});

async function ripeWith(founder: number): Promise<TestChain> {
  const chain = await TestChain.begun(founders[founder]);
  const twin = await TestChain.begun();
  for (let i = 0; i < 4; i++) await follow(chain.application, (await grow(twin)).block);
  return chain;
}
