import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { BitorchError, createLog } from '#base';
import { decode, encode } from '#ledger';
import { type Block, encodeBlock, makeBlock } from '../../../src/consensus/blocks/index.ts';
import {
  answerCodec,
  BlockSync,
  blockAnswerCodec,
  requestCodec,
  SYNC_PROTOCOL,
} from '../../../src/consensus/sync/index.ts';
import { until } from '../../support/consensus/cluster.ts';
import { MemoryHost } from '../../support/consensus/memory-hosts.ts';
import { CHAIN_ID, named } from '../../support/consensus/validators.ts';

const PROOF = { present: Uint8Array.of(1), nonces: [new Uint8Array(32)], scalar: new Uint8Array(32) };

function blockAt(height: number, transactions: number): Block {
  return makeBlock({
    chainId: CHAIN_ID,
    height,
    time: height,
    previous: named('previous'),
    lastCommit: undefined,
    transactions: Array.from({ length: transactions }, () => new Uint8Array(60_000)),
    validators: named('set'),
    nextValidators: named('set'),
    appHash: named('state'),
    proposer: named('proposer'),
  });
}

/** A node that syncs from peers that say they have blocks up to a height, and have some of them. */
function syncing(
  t: TestContext,
  peers: Record<string, { says: number; has: number; transactions?: number }>,
  adopt: (block: Block) => void = () => undefined,
) {
  const own = new MemoryHost('node');
  const banned: string[] = [];
  const asked: number[] = [];
  let height = 1;
  for (const [name, { has, transactions = 0 }] of Object.entries(peers)) {
    const peer = new MemoryHost(name);
    peer.join(own);
    void peer.handle(SYNC_PROTOCOL, 64, async (stream) => {
      for (let frame = await stream.read(); frame; frame = await stream.read()) {
        const { height: at } = decode(requestCodec, frame).value as { height: number };
        asked.push(at);
        const commit = { height: at, round: 0, block: named('block'), ...PROOF };
        const found = at <= has ? { block: encodeBlock(blockAt(at, transactions)), commit } : undefined;
        await stream.send(encode(answerCodec(blockAnswerCodec), found));
      }
    });
  }
  const sync = new BlockSync({
    host: own.host,
    log: createLog('silent'),
    peers: () =>
      Object.entries(peers).map(
        ([id, { says }]) => ({ id, status: { height: says + 1, round: 0, base: 1 } }) as never,
      ),
    maxBlockBytes: 1 << 21,
    height: () => height,
    adopt: async (block: Block) => {
      adopt(block);
      height = block.header.height + 1;
    },
    ban: (peer: string) => banned.push(peer),
  } as never);
  sync.start();
  t.after(() => sync.stop());
  return { sync, banned, asked, height: () => height };
}

test('a peer without a block that it says it has is not banned, and not believed for a while', async (t) => {
  const { sync, banned, height } = syncing(t, {
    braggart: { says: 1_000_000, has: 0 },
    honest: { says: 30, has: 30 },
  });
  await until(() => height() === 31, 'all that there is', 20);
  assert.deepEqual(banned, []);
  assert.equal(sync.best, 30, 'nor does it make the node believe that it is behind');
});

test('only blocks that are false cost their sender its place', async (t) => {
  for (const [code, blamed] of [
    ['APP_HASH_DIFFERS', false],
    ['DISK_FULL', false],
    ['COMMIT_INVALID', true],
    // Two thirds of our validators have decided it.
    ['BLOCK_INVALID', false],
  ] as const) {
    let tried = false;
    const { banned } = syncing(t, { peer: { says: 5, has: 5 } }, () => {
      tried = true;
      throw new BitorchError(code, 'no');
    });
    await until(() => tried, 'tried');
    await new Promise(setImmediate);
    assert.equal(banned.length > 0, blamed, code);
  }
});

test('as many blocks are fetched ahead as fit into what may wait', async (t) => {
  const { asked } = syncing(t, { peer: { says: 90, has: 90, transactions: 17 } }, ({ header }) => {
    if (header.height === 30) throw BitorchError.relayed('STOPPED', 'far enough');
  });
  await until(() => asked.includes(30), 'far enough', 20);
  // 32 MiB, of a mebibyte each.
  assert.ok(Math.max(...asked) <= 30 + 33, `${Math.max(...asked)}`);
});
