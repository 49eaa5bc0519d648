import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromUtf8, toHex, utf8 } from '#base';
import { formatGenesis, parseGenesis } from '#consensus';
import { Ledger } from '#ledger';
import { QUESTIONS, type QuestionPath } from '../../../src/consensus/application/queries/questions.ts';
import { recordsIn } from '../../../src/consensus/application/snapshots/chunks.ts';
import {
  begin,
  blockOf,
  finalize,
  follow,
  founders,
  grow,
  propose,
  TestChain,
  testGenesis,
} from '../../support/consensus/application.ts';
import { curve, dice, trustingSpends } from '../../support/ledger/chain.ts';
import { RandomBlocks } from '../../support/ledger/random-blocks.ts';

/** Errors that a stranger's bytes may cause. */
const refused = (read: () => unknown, ...codes: string[]): void => {
  try {
    read();
  } catch (error) {
    assert.ok(codes.includes((error as { code: string }).code), `${error}`);
  }
};

test('random blocks: every honest proposal is accepted, and who follows, restarts or replays comes to the same hashes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.integer({ min: 8, max: 30 }), async (seed, height) => {
      const [live, follower] = await Promise.all([TestChain.begun(), TestChain.begun(founders[1])]);
      const ledger = Ledger.open({ store: live.store, curve, spends: trustingSpends });
      const random = new RandomBlocks(ledger, `${seed}`, 6);
      const draw = dice(`${seed}`);
      const blocks = [];
      const hashes: string[] = [];
      while ((await live.application.info()).height < height) {
        const waiting = ledger.head.height < 4 ? [] : random.next().map(({ bytes }) => bytes);
        const block = await propose(live, founders[0], waiting);
        assert.ok(await follower.application.processProposal(block), 'an honest proposal');
        assert.ok(waiting.length === 0 || block.transactions.length > 1, 'something of what waits is taken');
        if (draw(2) === 0) await live.application.processProposal(block);
        const { results, appHash } = await finalize(live.application, block);
        await live.application.commit();
        assert.ok(results.every(({ code }) => code === 0));
        const again = new TestChain(founders[1], { store: follower.store });
        assert.equal(
          await follow(draw(3) === 0 ? again.application : follower.application, block),
          toHex(appHash),
        );
        if (draw(3) === 0) await again.application.info();
        blocks.push(block);
        hashes.push(toHex(appHash));
      }
      const replay = await TestChain.begun(founders[2]);
      for (const [i, block] of blocks.entries())
        assert.equal(await follow(replay.application, block), hashes[i]);
    }),
    { numRuns: 6 },
  );
});

test('a decided block of anything goes through, the same on two machines', async () => {
  const [one, two] = await Promise.all([TestChain.begun(), TestChain.begun(founders[1])]);
  for (let i = 0; i < 4; i++) await follow(two.application, (await grow(one)).block);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }), async (transactions) => {
      const block = blockOf(5, founders[0]!, transactions);
      const [a, b] = await Promise.all([finalize(one.application, block), finalize(two.application, block)]);
      assert.deepEqual(a, b);
      assert.equal(a.results.length, transactions.length);
      assert.equal(await two.application.processProposal(block), false);
    }),
    { numRuns: 30 },
  );
});

test('no bytes at all make a question throw, and answers are what the codecs say', async () => {
  const chain = await TestChain.begun();
  await grow(chain);
  const paths = fc.oneof(fc.constantFrom(...(Object.keys(QUESTIONS) as QuestionPath[])), fc.string());
  await fc.assert(
    fc.asyncProperty(paths, fc.uint8Array({ maxLength: 80 }), fc.boolean(), async (path, data, prove) => {
      const answer = await chain.application.query({ path, data, prove });
      assert.ok([0, 1, 9].includes(answer.code), answer.log);
      assert.equal(answer.height, 1);
    }),
  );
});

test('no bytes at all make a transaction throw on its way in', async () => {
  const chain = await TestChain.begun();
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
      assert.ok((await chain.application.checkTx({ bytes })).code > 0);
    }),
  );
});

test('a chunk of anything is records or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) =>
      refused(() => recordsIn(bytes), 'CODEC_INVALID'),
    ),
  );
});

test('a genesis with anything in it is refused, or is another spelling of none', () => {
  const text = formatGenesis(testGenesis());
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
      const bent = utf8(text);
      bent[at] = byte;
      refused(() => {
        const read = parseGenesis(bent, curve);
        assert.equal(formatGenesis(read).replace(/\s/g, ''), fromUtf8(bent).replace(/\s/g, ''));
      }, 'GENESIS_INVALID');
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => refused(() => parseGenesis(bytes, curve), 'GENESIS_INVALID')),
  );
});

test('a snapshot offer and chunks of anything leave an empty application empty', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.nat(3),
      fc.uint8Array(),
      fc.uint8Array(),
      async (height, chunks, metadata, chunk) => {
        const { application } = new TestChain();
        const snapshot = { height, format: 1, chunks, metadata, hash: new Uint8Array(32) };
        assert.notEqual(await application.offerSnapshot({ snapshot, appHash: new Uint8Array(32) }), 'accept');
        assert.equal((await application.applySnapshotChunk({ index: 0, chunk, sender: '' })).result, 'abort');
        await begin(application);
      },
    ),
    { numRuns: 10 },
  );
});
