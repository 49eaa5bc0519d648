/** A wallet on a light chain, against nodes that lie to it in every way. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { codeOf, toHex } from '#base';
import { decode, encode, type WalletChain } from '#ledger';
import { applicationChain, QUESTIONS, type QuestionPath } from '../../../src/consensus/application/index.ts';
import { verifyAll } from '../../../src/consensus/blocks/index.ts';
import { blame } from '../../../src/consensus/evidence/index.ts';
import type { LightPeer } from '../../../src/consensus/light/index.ts';
import { trustedAt } from '../../../src/consensus/light/trust.ts';
import { founders } from '../../support/consensus/application.ts';
import { keysOf } from '../../support/consensus/headers.ts';
import { CHAIN_ID, faucetWallet, LightWorld, walletNamed } from '../../support/consensus/light-world.ts';

const BLOCKS = 4;
const FIRST_MONEY = 20n * 10n ** 15n;
const DAY = 86_400_000;

/** A node that changes its answers to one question of the application. */
function lyingAbout<P extends QuestionPath>(
  world: LightWorld,
  path: P,
  change: (answer: unknown) => unknown,
): LightPeer {
  return world.peer('liar', {
    query: async (request) => {
      const result = await world.application.query(request);
      if (request.path !== path || result.code !== 0) return result;
      const codec = QUESTIONS[path].answer as never;
      return { ...result, value: encode(codec, change(decode(codec, result.value)) as never) };
    },
  });
}

type Listed = { height: number; total: number }[];

/** What a wallet does with a chain: looks at it all and plans a payment with its rings. */
async function useOf(chain: WalletChain): Promise<bigint> {
  const wallet = faucetWallet();
  await wallet.scan(chain);
  const { unlocked } = wallet.balance();
  const plan = await wallet.plan({ payments: [{ to: walletNamed(9).address(), amount: 5n }] }, chain);
  await wallet.sign(plan, chain);
  return unlocked;
}

describe('a wallet that believes no node', () => {
  test('sees the same as one on its own node, pays and is paid', async () => {
    const world = await LightWorld.begun(BLOCKS);
    const { chain, kept } = world.chainOf([world.peer('a'), world.peer('b')]);
    const [payer, payee] = [faucetWallet(), walletNamed(9)];
    await payer.scan(chain);
    const plan = await payer.plan({ payments: [{ to: payee.address(), amount: 1_000n }] }, chain);
    await payer.submit(await payer.sign(plan, chain), chain);
    await world.grow();
    for (const wallet of [payer, payee]) {
      await wallet.scan(chain);
      const own = wallet === payer ? faucetWallet() : walletNamed(9);
      await own.scan(applicationChain(world.application));
      assert.equal(
        wallet.balance().unlocked + wallet.balance().locked,
        own.balance().unlocked + own.balance().locked,
      );
    }
    assert.equal(payee.balance().locked + payee.balance().unlocked, 1_000n);
    assert.ok(payer.sent[0]!.height > 0, 'it shows as final');
    assert.equal(chain.liars.size, 0);
    assert.equal(kept.at(-1)!.height, world.height);
  });

  test('a wallet restored from a height reads nothing earlier, and is proven all the same', async () => {
    const world = await LightWorld.begun(BLOCKS);
    const { chain } = world.chainOf([world.peer('a')]);
    assert.deepEqual(await chain.totals(BLOCKS), { before: 20, totals: [] });
    assert.equal((await chain.outputs(7, 13)).length, 6);
    const false0 = lyingAbout(world, '/totals', (page) => ({ ...(page as object), before: 19 }));
    await assert.rejects(world.chainOf([false0]).chain.totals(5), { code: 'CHAIN_INVALID' });
  });

  const liars: [string, (world: LightWorld) => LightPeer][] = [
    [
      'a header of its own making',
      (world) =>
        world.peer('liar', {
          light: async (height) => {
            const light = await world.peer('').light(height);
            return light && { ...light, header: { ...light.header, appHash: new Uint8Array(32) } };
          },
        }),
    ],
    [
      'a commit that two thirds are missing from',
      (world) =>
        world.peer('liar', {
          light: async (height) => {
            const light = await world.peer('').light(height);
            const few = light && { ...light.commit, present: Uint8Array.of(0b11) };
            return light && { ...light, commit: few! };
          },
        }),
    ],
    [
      'more outputs than there are',
      (world) => lyingAbout(world, '/roots', (roots) => ({ ...(roots as { outputs: number }), outputs: 21 })),
    ],
    [
      'another base fee',
      (world) => lyingAbout(world, '/roots', (roots) => ({ ...(roots as object), baseFee: 1_000_000n })),
    ],
    [
      'an output with more in it',
      (world) =>
        lyingAbout(world, '/proven-outputs', (answer) => {
          const { outputs, proof } = answer as { outputs: { amount: Uint8Array }[]; proof: unknown };
          return { outputs: outputs.map((one) => ({ ...one, amount: new Uint8Array(8).fill(1) })), proof };
        }),
    ],
    [
      'an output less',
      (world) =>
        lyingAbout(world, '/proven-outputs', (answer) => {
          const { outputs, proof } = answer as { outputs: unknown[]; proof: unknown };
          return { outputs: outputs.slice(1), proof };
        }),
    ],
    [
      'a ring member that is not there',
      (world) =>
        lyingAbout(world, '/proven-outputs-at', (answers) =>
          (answers as { output: object; proof: unknown }[]).map(({ output, proof }) => ({
            output: { ...output, key: new Uint8Array(32).fill(5) },
            proof,
          })),
        ),
    ],
    [
      'outputs in other blocks than they were made in',
      (world) =>
        lyingAbout(world, '/totals', (page) => {
          const { before, totals } = page as { before: number; totals: Listed };
          return {
            before,
            totals: [{ height: 0, total: 3 }, ...totals.map((one) => ({ ...one, height: 1 }))],
          };
        }),
    ],
  ];
  for (const [what, liarIn] of liars) {
    test(`${what}: refused, and the next node is asked`, async () => {
      const world = await LightWorld.begun(BLOCKS);
      const alone = world.chainOf([liarIn(world)]).chain;
      await assert.rejects(useOf(alone), (error) =>
        ['LIGHT_INVALID', 'CHAIN_INVALID'].includes(codeOf(error)),
      );
      const { chain } = world.chainOf([liarIn(world), world.peer('honest')]);
      assert.equal(await useOf(chain).catch(() => useOf(chain)), FIRST_MONEY);
      assert.deepEqual([...chain.liars.keys()], ['liar']);
    });
  }
});

describe('what a node hides', () => {
  test('spends that it leaves out do not pass for unspent money', async () => {
    const world = await LightWorld.begun(BLOCKS);
    const payer = faucetWallet();
    const { chain } = world.chainOf([world.peer('a')]);
    await payer.scan(chain);
    const plan = await payer.plan({ payments: [{ to: walletNamed(9).address(), amount: 1_000n }] }, chain);
    await payer.submit(await payer.sign(plan, chain), chain);
    await world.grow();
    const hides = lyingAbout(world, '/roots', (roots) => ({ ...(roots as object), spends: 0 }));
    await assert.rejects(world.chainOf([hides]).chain.status(), { code: 'LIGHT_INVALID' });
    const omits = lyingAbout(world, '/proven-spends', (answer) => ({ ...(answer as object), spends: [] }));
    await assert.rejects(faucetWallet().scan(world.chainOf([omits]).chain), { code: 'CHAIN_INVALID' });
  });

  test('blocks: an old head is said to be old, and another node shows the new one', async () => {
    const [behind, world] = [await LightWorld.begun(5), await LightWorld.begun(100)];
    const now = () => world.now;
    await assert.rejects(behind.chainOf([behind.peer('a')], { now }).chain.status(), { code: 'CHAIN_STALE' });
    const { chain } = world.chainOf([behind.peer('behind'), world.peer('honest')], { now });
    assert.ok((await chain.status()).height >= 100);
  });

  test('that it took a transfer: the wallet keeps it until it is final or expires', async () => {
    const world = await LightWorld.begun(BLOCKS);
    const refuses = world.peer('a', { checkTx: async () => ({ code: 5, log: 'no room' }) });
    const { chain } = world.chainOf([refuses]);
    const payer = faucetWallet();
    await payer.scan(chain);
    const plan = await payer.plan({ payments: [{ to: walletNamed(9).address(), amount: 1_000n }] }, chain);
    const transaction = await payer.sign(plan, chain);
    const { outcome, id: _, ...why } = await payer.submit(transaction, chain);
    assert.equal(outcome, 'pending');
    assert.deepEqual(why, { code: 'MEMPOOL_FULL', message: 'no node accepts it (no room)' });
    assert.equal(payer.sent.length, 1);
    await world.peer('').checkTx({ bytes: transaction.bytes });
    await world.grow();
    await payer.scan(chain);
    assert.ok(payer.sent[0]!.height > 0);
  });
});

describe('which chain it is', () => {
  test('a fork that is shown to one wallet only is noticed with a witness, and its makers are named', async () => {
    const [world, branch] = [await LightWorld.begun(8), await LightWorld.begun(8)];
    const { chain, forks } = world.chainOf([branch.peer('branch'), world.peer('honest')]);
    await chain.status();
    const payer = faucetWallet();
    await payer.scan(applicationChain(branch.application));
    const own = applicationChain(branch.application);
    const plan = await payer.plan({ payments: [{ to: walletNamed(9).address(), amount: 7n }] }, own);
    await branch.application.checkTx({ bytes: (await payer.sign(plan, own)).bytes, recheck: false });
    for (const one of [world, branch]) for (let i = 0; i < 20; i++) await one.grow();
    await assert.rejects(chain.status(), { code: 'CHAIN_FORKED' });
    const [fork] = forks;
    const commits = [fork!.ours, fork!.theirs] as const;
    const { guilty } = blame({ chainId: CHAIN_ID, ...fork!, commits, votes: [] }, verifyAll);
    assert.deepEqual(guilty.map(toHex).sort(), founders.map(({ publicKey }) => toHex(publicKey)).sort());
  });

  test('a branch that others have decided is no fork but a lie', async () => {
    const [world, branch] = [await LightWorld.begun(8), await LightWorld.begun(8)];
    branch.signers = keysOf('w', 'x', 'y', 'z');
    for (const one of [world, branch]) for (let i = 0; i < 20; i++) await one.grow();
    for (const order of [
      [branch.peer('liar'), world.peer('honest')],
      [world.peer('honest'), branch.peer('liar')],
    ]) {
      const { chain, forks } = world.chainOf(order);
      assert.ok((await chain.status()).height >= 28);
      assert.deepEqual([forks, [...chain.liars.keys()]], [[], ['liar']]);
    }
    await assert.rejects(world.chainOf([branch.peer('liar')]).chain.status(), { code: 'LIGHT_INVALID' });
  });

  test('what is trusted too long vouches for nothing, until somebody is asked for a block id', async () => {
    const world = await LightWorld.begun(40);
    const options = { trustingPeriodMs: 20_000, maxAgeMs: DAY };
    const peer = world.peer('a');
    await assert.rejects(world.chainOf([peer], options).chain.status(), { code: 'TRUST_EXPIRED' });
    const id = world.links[29]!.commit.block;
    const from = await trustedAt({ height: 30, id }, [peer]);
    assert.ok((await world.chainOf([peer], { ...options, from }).chain.status()).height >= 40);
    await assert.rejects(trustedAt({ height: 29, id }, [peer]), { code: 'LIGHT_MISSING' });
  });
});
