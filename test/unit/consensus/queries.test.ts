import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromUtf8, utf8 } from '#base';
import { applicationChain, ask } from '#consensus';
import { ACCOUNTS, encode } from '#ledger';
import { verifyAccount } from '../../../src/consensus/application/queries/account-proof.ts';
import { QUESTIONS } from '../../../src/consensus/application/queries/questions.ts';
import { founders, grow, NAME, START, TestChain } from '../../support/consensus/application.ts';
import { deterministic, transactionOf } from '../../support/ledger/chain.ts';

const random = deterministic('queries');
const validatorKey = (index: number): Uint8Array =>
  Uint8Array.of(ACCOUNTS + 4, ...founders[index]!.publicKey);

async function lived(): Promise<TestChain> {
  const chain = await TestChain.begun();
  for (let i = 0; i < 4; i++) await grow(chain);
  for (let i = 0; i < 3; i++) await grow(chain, [transactionOf(chain.ledger, random, { inputs: 2 }).bytes]);
  return chain;
}

describe('questions', () => {
  test('what the chain is and where it stands', async () => {
    const chain = await lived();
    const waiting = transactionOf(chain.ledger, random, { inputs: 1 });
    await chain.application.checkTx({ bytes: waiting.bytes });
    const status = await ask(chain.application, '/status', {});
    assert.equal(fromUtf8(status.name), NAME);
    assert.equal(status.height, 7);
    assert.equal(status.time, START + 7_000);
    assert.equal(status.outputs, 20 + 3 * 2);
    assert.equal(status.spends, 6);
    assert.deepEqual(status.pool, { count: 1, bytes: waiting.bytes.length });
    assert.equal(status.consensus.periodBlocks, 5);
    const { minted, burned, shielded, open } = await ask(chain.application, '/supply', {});
    assert.equal(minted, burned + shielded + open);
    assert.equal((await ask(chain.application, '/beacon', {})).period.number, 1);
    const validators = await ask(chain.application, '/validators', {});
    assert.deepEqual(
      validators.map(({ key, power }) => [key, power]),
      founders.map(({ publicKey }) => [publicKey, 100]),
    );
  });

  test('outputs, totals and spends, in pages, as a wallet asks for them', async () => {
    const { application, ledger } = await lived();
    const chain = applicationChain(application);
    const outputs = await chain.outputs(18, 22);
    assert.deepEqual(
      outputs.map(({ height }) => height),
      [0, 0, 5, 5],
    );
    assert.deepEqual(await chain.outputsAt([21, 0]), [outputs[3], (await chain.outputs(0, 1))[0]]);
    assert.deepEqual(await chain.totals(6), {
      before: 22,
      totals: [
        { height: 6, total: 24 },
        { height: 7, total: 26 },
      ],
    });
    const spends = await chain.spends(0, 6);
    assert.deepEqual(
      spends.map(({ height }) => height),
      [5, 5, 6, 6, 7, 7],
    );
    const asked = [spends[4]!.keyImage, new Uint8Array(32)];
    assert.deepEqual(await ask(application, '/key-images', asked), [7, 0]);
    await chain.submit(transactionOf(ledger, random, { inputs: 1 }).bytes);
    const nonsense = await chain.submit(utf8('nonsense'));
    assert.ok(nonsense.outcome === 'refused' && nonsense.code === 'CODEC_INVALID');
  });

  test('what is not there, too much at once, and nonsense are refused', async () => {
    const { application } = await lived();
    const chain = applicationChain(application);
    for (const wrong of [
      chain.outputs(20, 27),
      chain.outputs(0, 1_001),
      chain.outputsAt([26]),
      chain.spends(0, 7),
    ]) {
      await assert.rejects(wrong, { code: 'QUERY_INVALID' });
    }
    const nothing = new Uint8Array(0);
    for (const [path, data, height, code] of [
      ['/nothing', nothing, 0, 9],
      ['toString', nothing, 0, 9],
      ['/status', utf8('x'), 0, 1],
      ['/outputs', nothing, 0, 1],
      ['/status', nothing, 6, 9],
      ['/account', Uint8Array.of(1, 2), 0, 9],
      ['/account', Uint8Array.of(0), 0, 9],
    ] as const) {
      const answer = await application.query({ path, data, height });
      assert.equal(answer.code, code, `${path}: ${answer.log}`);
      assert.equal(answer.height, 7);
      assert.equal(answer.value.length, 0);
    }
    assert.equal((await application.query({ path: '/status', data: nothing, height: 7 })).code, 0);
    assert.equal((await application.query({ path: '/status', data: nothing, prove: true })).code, 9);
  });
});

describe('a proof of an account', () => {
  const prove = async (chain: TestChain, key: Uint8Array) => {
    const data = encode(QUESTIONS['/account'].question, { key });
    return chain.application.query({ path: '/account', data, prove: true });
  };

  test('leads from the record, or from there being none, to the app hash of its height', async () => {
    const chain = await lived();
    const { appHash, height } = await chain.application.info();
    for (const key of [validatorKey(0), validatorKey(3), Uint8Array.of(ACCOUNTS + 7, 1, 2, 3)]) {
      const { proof, height: at } = await prove(chain, key);
      const [value] = await ask(chain.application, '/account', { key });
      assert.equal(at, height);
      assert.equal(value === undefined, key.length === 4);
      assert.ok(verifyAccount(appHash, height, key, value, proof));
      assert.ok(!verifyAccount(appHash, height + 1, key, value, proof));
      assert.ok(!verifyAccount(appHash, height, validatorKey(1), value, proof));
      assert.ok(!verifyAccount(appHash, height, key, value ? undefined : utf8('x'), proof));
      for (let bit = 0; bit < proof.length * 8; bit += 7) {
        const bent = proof.slice();
        bent[bit >> 3]! ^= 1 << (bit & 7);
        assert.ok(!holds(() => verifyAccount(appHash, height, key, value, bent)));
      }
    }
  });
});

const holds = (verify: () => boolean): boolean => {
  try {
    return verify();
  } catch (error) {
    assert.equal((error as { code: string }).code, 'CODEC_INVALID');
    return false;
  }
};
