import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fromHex, toHex, utf8 } from '#base';
import { applicationChain, ask, formatGenesis, LedgerApplication, makeGenesis } from '#consensus';
import { defaultCurve, type SigningKey } from '#crypto';
import {
  type Action,
  deriveOneTime,
  TORCH,
  type Transaction,
  Wallet,
  type WalletChain,
  wordsOf,
} from '#ledger';
import { MemoryStore } from '#store';
import { Addresses } from '../../src/consensus/abci/addresses.ts';
import { VerifierThreads } from '../../src/consensus/application/verification/verifier-threads.ts';
import {
  type CometBlock,
  CometNetwork,
  type CometNode,
  missingComet,
} from '../support/consensus/comet-network.ts';
import { signer } from '../support/ledger/chain.ts';

const skip = missingComet() ?? false;
const curve = defaultCurve();
const [NAME, BEGINS] = ['bitorch-comet', Date.UTC(2026, 0, 1)];
const entropy = new Uint8Array(32).fill(9);

const genesisFor = (keys: readonly SigningKey[]) =>
  makeGenesis(
    {
      network: 'test',
      name: NAME,
      time: BEGINS,
      founders: keys.map(({ publicKey }) => ({ key: publicKey, owner: publicKey })),
      faucet: { entropy, outputs: 40, amount: 1_000n * TORCH },
      consensus: { genesisPower: 1_000, periodBlocks: 5 },
      parameters: {
        maturity: 2,
        mintMaturity: 3,
        epochBlocks: 10,
        startFee: 10n,
        leastBond: TORCH,
        leastServiceBond: TORCH,
        settlementWindow: 4,
      },
    },
    curve,
  );

describe('four validators under CometBFT', { skip, timeout: 900_000 }, () => {
  let network: CometNetwork;
  let genesis: ReturnType<typeof genesisFor>;
  let chain: WalletChain;
  let faucet: Wallet;
  const first = (): CometNode => network.nodes[0]!;

  before(async () => {
    network = await CometNetwork.create(4, 27_100, (keys) => {
      genesis = genesisFor(keys);
      return { name: NAME, time: BEGINS, text: formatGenesis(genesis) };
    });
    await network.start();
    chain = applicationChain(first().port);
    await first().until(4);
    const options = { network: genesis.parameters.network, curve };
    faucet = Wallet.restore(wordsOf(entropy), options);
    await faucet.scan(chain);
  });
  after(() => network?.stop());

  /** Signs, hands in through a node of the network, and waits until a block holds it. */
  async function act(
    payments: { to: Wallet; amount: bigint }[],
    actions: Action[],
    signers: SigningKey[],
  ): Promise<void> {
    const order = {
      payments: payments.map(({ to, amount }) => ({ to: to.address(), amount })),
      actions,
      signatures: signers.length,
    };
    const transaction: Transaction = await faucet.sign(await faucet.plan(order, chain), chain, signers);
    await chain.submit(transaction.bytes);
    const { id } = transaction.hashes;
    for (let tries = 0; tries < 100; tries++) {
      await sleep(100);
      await faucet.scan(chain);
      if (faucet.sent.some((sent) => toHex(sent.id) === toHex(id) && sent.height > 0)) return;
    }
    assert.fail('a transaction is in no block after ten seconds');
  }

  test('transfers arrive', async () => {
    const alice = Wallet.create({ network: genesis.parameters.network, curve });
    await act([{ to: alice, amount: 5n * TORCH }], [], []);
    await act([{ to: alice, amount: 7n * TORCH }], [], []);
    await alice.scan(chain);
    const { unlocked, locked } = alice.balance();
    assert.equal(unlocked + locked, 12n * TORCH);
  });

  test('what is refused says why, and a double spend is in no block', async () => {
    const nonsense = await chain.submit(utf8('nonsense'));
    assert.ok(nonsense.outcome === 'refused' && nonsense.code === 'CODEC_INVALID');
    const plan = await faucet.plan({ payments: [{ to: faucet.address(), amount: TORCH }] }, chain);
    const once = await faucet.sign(plan, chain);
    const twice = await faucet.sign(plan, chain);
    await chain.submit(once.bytes);
    const conflict = await chain.submit(twice.bytes);
    assert.ok(conflict.outcome === 'pending' && conflict.code === 'MEMPOOL_CONFLICT');
    faucet.forget(twice.hashes.id);
  });

  test('a bond makes a validator, and CometBFT follows its power', async () => {
    const [validator, owner] = [signer('comet fifth'), signer('comet owner')];
    const keys = { validator: validator.publicKey, owner: owner.publicKey };
    const body = { ...keys, payout: faucet.address(), commission: 500, amount: 9n * TORCH };
    await act([], [{ name: 'bond', body }], [validator, owner]);
    const { height } = await chain.status();
    await first().until(height + 3);
    const powers = new Map(await first().validators(height + 3));
    const own = powers.get(toHex(validator.publicKey))!;
    assert.ok(own >= 9);
    const founders = network.nodes.map(({ key }) => powers.get(toHex(key.publicKey))!);
    assert.ok(founders.every((power) => power === founders[0] && power >= 997 && power > 100 * own));
  });

  test('a node registers, an escrow names it, and what is left comes back', async () => {
    const [node, session] = [signer('comet node'), signer('comet session')];
    const register = {
      node: node.publicKey,
      payout: faucet.address(),
      deposit: 2n * TORCH,
      withdraw: 0n,
      refund: deriveOneTime(faucet.address(), node.publicKey, curve),
      sequence: 0,
      fee: 0n,
    };
    await act([], [{ name: 'nodeRegister', body: register }], [node]);
    const { height } = await chain.status();
    const terms = {
      escrow: session.publicKey,
      value: 20n * TORCH,
      deposit: 2n * TORCH,
      deadline: height + 6,
      refund: deriveOneTime(faucet.address(faucet.addSubaddress('refunds')), session.publicKey, curve),
      caps: [{ node: node.publicKey, cap: 10n * TORCH }],
    };
    await act([], [{ name: 'escrowOpen', body: terms }], [session]);
    const { open } = await ask(first().port, '/supply', {});
    assert.ok(open >= 33n * TORCH, 'bond, service bond and escrow are in public accounts');
    await first().until(terms.deadline + 4 + 1);
    await faucet.scan(chain);
    assert.ok(faucet.owned.some(({ amount }) => amount === 22n * TORCH));
  });

  test('an application that is killed, and a node that is, come back by the handshake', async () => {
    const [, second, third] = network.nodes as [CometNode, CometNode, CometNode, CometNode];
    await second.killApplication();
    await act([{ to: faucet, amount: TORCH }], [], []);
    await second.start();
    await third.kill();
    await third.start();
    const height = (await first().height()) + 3;
    for (const node of network.nodes) await node.until(height);
  });

  test('all nodes agree, and the embedded application comes to the same hashes and powers', async () => {
    const last = await first().height();
    assert.ok(last > 20);
    const verifier = new VerifierThreads({ threads: 1 });
    after(() => verifier.stop());
    const embedded = new LedgerApplication({}, { store: new MemoryStore(), curve, verifier });
    const addresses = new Addresses(embedded);
    const { appHash, validators } = await embedded.initChain({
      chainId: NAME,
      genesis: utf8(formatGenesis(genesis)),
      time: BEGINS,
      initialHeight: 1,
    });
    const votesOn = async (height: number, { lastFlags }: CometBlock) => {
      if (lastFlags.length === 0) return [];
      const set = await first().validators(height);
      return set.map(([key, power], i) => ({ validator: fromHex(key), power, flag: lastFlags[i]! }));
    };
    let hash = toHex(appHash);
    const powers = new Map(validators.map(({ key, power }) => [toHex(key), power]));
    let transactions = 0;
    for (let height = 1; height <= last; height++) {
      const block = await first().block(height);
      for (const node of network.nodes) assert.equal((await node.block(height)).appHash, block.appHash);
      assert.equal(hash, block.appHash, `after block ${height - 1}`);
      const decided = {
        height,
        time: block.time,
        proposer: await addresses.keyOf(block.proposer),
        blockId: new Uint8Array(32),
        transactions: block.transactions,
        misbehavior: [],
        lastCommit: { round: 0, votes: await votesOn(height - 1, block) },
      };
      assert.ok(await embedded.processProposal(decided), `block ${height} is sound`);
      const result = await embedded.finalizeBlock(decided);
      await embedded.commit();
      hash = toHex(result.appHash);
      for (const { key, power } of result.validatorUpdates) powers.set(toHex(key), power);
      if (result.validatorUpdates.length > 0 && height + 2 <= last) {
        assert.deepEqual(
          new Map([...(await first().validators(height + 2))].sort()),
          new Map([...powers].sort()),
        );
      }
      transactions += block.transactions.length - 1;
    }
    assert.ok(transactions >= 7, `${transactions} transactions were replayed`);
  });

  test('a fifth node begins from a snapshot by state sync, and comes to the same hashes', async () => {
    const newcomer = await network.newcomer();
    await newcomer.start();
    await newcomer.until(await first().height());
    assert.ok((await newcomer.firstBlock()) > 10, 'it ran through all blocks');
    const next = (await first().height()) + 3;
    await newcomer.until(next);
    await first().until(next);
    assert.equal((await newcomer.block(next)).appHash, (await first().block(next)).appHash);
    const [theirs, ours] = await Promise.all([first(), newcomer].map(({ port }) => ask(port, '/supply', {})));
    assert.equal(theirs!.minted - theirs!.burned, theirs!.shielded + theirs!.open);
    assert.equal(ours!.minted - ours!.burned, ours!.shielded + ours!.open);
  });
});
